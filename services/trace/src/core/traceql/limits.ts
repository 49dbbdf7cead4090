/** What a query may cost before a span is looked at. Whoever is over one of them is answered with 400 and its name. */
export const limits = {
  queryCharactersMax: 128 * 1024,
  /** Operators, filters and stages together: each of them is a step of evaluating a span, and a frame on the stack. */
  operationsMax: 1_000,
  /** Parentheses and operators before an operand, inside each other. */
  nestingMax: 100,
  patternCharactersMax: 1_000,
} as const
