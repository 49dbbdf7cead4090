import type { Attribute, Literal } from '../../ports.ts'
import type { Cursor } from './cursor.ts'
import { intrinsicOf } from './intrinsics.ts'
import { type BinaryOperator, type FieldExpression, QueryProblem } from './syntax.ts'

/** From the loosest. `&&` binds no tighter than `||`: that is Tempo's grammar, and whoever moves a query keeps its meaning. */
const levels: readonly (readonly BinaryOperator[])[] = [
  ['&&', '||'],
  ['=', '!=', '<', '<=', '>', '>=', '=~', '!~'],
  ['+', '-'],
  ['*', '/', '%'],
]
const words: Readonly<Record<string, Literal>> = {
  true: { type: 'bool', value: true },
  false: { type: 'bool', value: false },
  nil: { type: 'nil' },
  ...Object.fromEntries(['ok', 'error', 'unset'].map((value) => [value, { type: 'status', value }])),
  ...Object.fromEntries(
    ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'].map((value) => [
      value,
      { type: 'kind', value },
    ]),
  ),
}

export function parseField(cursor: Cursor, level = 0): FieldExpression {
  const operators = levels[level]
  if (operators === undefined) return parsePower(cursor)
  let left = parseField(cursor, level + 1)
  for (;;) {
    const operator = operators.find((each) => cursor.atSign(each))
    if (operator === undefined) return left
    cursor.take()
    cursor.operation()
    left = { kind: 'binary', operator, left, right: parseField(cursor, level + 1) }
  }
}

function parsePower(cursor: Cursor): FieldExpression {
  const left = parseOperand(cursor)
  if (!cursor.takeSign('^')) return left
  cursor.operation()
  return { kind: 'binary', operator: '^', left, right: cursor.nested(() => parsePower(cursor)) }
}

function parseOperand(cursor: Cursor): FieldExpression {
  if (cursor.takeSign('(')) {
    const inner = cursor.nested(() => parseField(cursor))
    cursor.expectSign(')')
    return inner
  }
  if (cursor.atSign('!') || cursor.atSign('-')) {
    const kind = cursor.atSign('!') ? 'not' : 'negative'
    cursor.take()
    cursor.operation()
    return { kind, operand: cursor.nested(() => parsePower(cursor)) }
  }
  const token = cursor.peek()
  if (token.kind === 'literal') {
    cursor.take()
    return { kind: 'literal', literal: token.literal }
  }
  if (token.kind === 'word' && Object.hasOwn(words, token.text)) {
    cursor.take()
    return { kind: 'literal', literal: words[token.text]! }
  }
  const { attribute, ofParent } = parseAttribute(cursor)
  return { kind: 'attribute', attribute, ofParent }
}

export function parseAttribute(cursor: Cursor): Readonly<{ attribute: Attribute; ofParent: boolean }> {
  const token = cursor.peek()
  if (token.kind === 'attribute') {
    cursor.take()
    return token
  }
  if (token.kind !== 'word') throw cursor.unexpected('an attribute, an intrinsic or a value')
  const intrinsic = intrinsicOf(token.text)
  if (intrinsic === undefined) {
    throw new QueryProblem(
      `unknown name ${JSON.stringify(token.text)}: an attribute begins with a scope, as in span.${token.text} or .${token.text}`,
      token.at,
    )
  }
  cursor.take()
  return { attribute: intrinsic, ofParent: false }
}
