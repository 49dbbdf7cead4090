import type { Cursor } from './cursor.ts'
import { parseField } from './parse-field.ts'
import type { Combination, Relation, SpansetExpression, Stage } from './syntax.ts'

type ParseStages = (cursor: Cursor) => readonly Stage[]

const logical: Readonly<Record<string, Combination>> = { '&&': { kind: 'both' }, '||': { kind: 'either' } }
const relations: readonly Relation[] = ['>>', '<<', '>', '<', '~']
const structural: Readonly<Record<string, Combination>> = Object.fromEntries(
  relations.flatMap((relation) => {
    const related = { kind: 'related', relation, negated: false, union: false } as const
    return [
      [relation, related],
      [`!${relation}`, { ...related, negated: true }],
      [`&${relation}`, { ...related, union: true }],
    ]
  }),
)
const levels = [logical, structural]

/** `{…}`, and what is combined of such; a pipeline in parentheses stands for the spans that it ends with. */
export function parseSpansets(cursor: Cursor, stages: ParseStages, level = 0): SpansetExpression {
  const combinations = levels[level]
  if (combinations === undefined) return parseOperand(cursor, stages)
  let left = parseSpansets(cursor, stages, level + 1)
  for (;;) {
    const token = cursor.peek()
    const combination = token.kind === 'sign' ? combinations[token.text] : undefined
    if (combination === undefined) return left
    cursor.take()
    cursor.operation()
    left = { kind: 'combined', combination, left, right: parseSpansets(cursor, stages, level + 1) }
  }
}

function parseOperand(cursor: Cursor, stages: ParseStages): SpansetExpression {
  if (cursor.takeSign('(')) {
    const inner = cursor.nested(() => stages(cursor))
    cursor.expectSign(')')
    const [only] = inner
    return inner.length === 1 && only?.kind === 'filter' ? only.expression : { kind: 'pipeline', stages: inner }
  }
  cursor.expectSign('{')
  cursor.operation()
  if (cursor.takeSign('}')) return { kind: 'spans', filter: undefined }
  const filter = cursor.nested(() => parseField(cursor))
  cursor.expectSign('}')
  return { kind: 'spans', filter }
}

/** Whether what is in parentheses here begins with a set of spans. */
export function pipelineIn(cursor: Cursor): boolean {
  let ahead = 0
  while (cursor.atSign('(', ahead)) ahead += 1
  return cursor.atSign('{', ahead)
}
