import type { Operator } from '../../ports.ts'
import { checkQuery } from './check.ts'
import { Cursor } from './cursor.ts'
import { limits } from './limits.ts'
import { parseAttribute, parseField } from './parse-field.ts'
import { atMetrics, parseMetrics } from './parse-metrics.ts'
import { parseSpansets, pipelineIn } from './parse-spansets.ts'
import { type Aggregate, type Query, QueryProblem, type ScalarExpression, type Stage } from './syntax.ts'

/** Reads a query. Throws a `QueryProblem` whose message tells where it is wrong, or what of TraceQL is not answered here. */
export function parseQuery(text: string): Query {
  const query = parseSyntax(text)
  checkQuery(query)
  return query
}

/** Only its form: whether operands fit their operators is not asked. */
export function parseSyntax(text: string): Query {
  if (text.length > limits.queryCharactersMax) {
    throw new QueryProblem(
      `the query has ${text.length} characters; ${limits.queryCharactersMax} are the most that are read`,
      0,
    )
  }
  try {
    return wholeQuery(new Cursor(text))
  } catch (problem) {
    if (!(problem instanceof QueryProblem)) throw problem
    throw new QueryProblem(`parse error at ${placeOf(text, problem.at)}: ${problem.message}`, problem.at)
  }
}

function placeOf(text: string, at: number): string {
  const lines = text.slice(0, at).split('\n')
  return `line ${lines.length}, col ${(lines.at(-1)?.length ?? 0) + 1}`
}

function wholeQuery(cursor: Cursor): Query {
  const stages = parseStages(cursor)
  const metrics = cursor.takeSign('|') ? parseMetrics(cursor) : undefined
  const mostRecent = parseHints(cursor)
  if (cursor.peek().kind === 'end') return { stages, metrics, mostRecent }
  if (['+', '-', '*', '/'].some((sign) => cursor.atSign(sign))) {
    throw new QueryProblem('arithmetic between metrics is not answered here', cursor.peek().at)
  }
  throw cursor.unexpected('"|" or the end of the query')
}

/** Stages up to metrics, or to what is no stage. */
function parseStages(cursor: Cursor): readonly Stage[] {
  const stages = [parseStage(cursor)]
  while (cursor.atSign('|') && !atMetrics(cursor, 1)) {
    cursor.take()
    cursor.operation()
    stages.push(parseStage(cursor))
  }
  return stages
}

const aggregates = ['count', 'avg', 'min', 'max', 'sum'] as const
const comparisons: readonly Operator[] = ['=', '!=', '<', '<=', '>', '>=']

function parseStage(cursor: Cursor): Stage {
  const from = cursor.peek().at
  if (cursor.atCall('by')) {
    const field = parseArgument(cursor)
    return { kind: 'by', field, text: cursor.text.slice(from, cursor.end()) }
  }
  if (cursor.atCall('coalesce')) {
    cursor.take()
    cursor.expectSign('(')
    cursor.expectSign(')')
    return { kind: 'coalesce' }
  }
  if (cursor.atCall('select')) return parseSelect(cursor)
  if (atScalar(cursor)) return parseScalarFilter(cursor, from)
  return { kind: 'filter', expression: parseSpansets(cursor, parseStages) }
}

/** `by(field)`: the field. */
function parseArgument(cursor: Cursor) {
  cursor.take()
  cursor.expectSign('(')
  const field = cursor.nested(() => parseField(cursor))
  cursor.expectSign(')')
  return field
}

function parseSelect(cursor: Cursor): Stage {
  cursor.take()
  cursor.expectSign('(')
  const attributes = [parseAttribute(cursor).attribute]
  while (cursor.takeSign(',')) attributes.push(parseAttribute(cursor).attribute)
  cursor.expectSign(')')
  return { kind: 'select', attributes }
}

/** Behind any parentheses is an aggregate or a number, not a set of spans. */
function atScalar(cursor: Cursor): boolean {
  if (pipelineIn(cursor)) return false
  let ahead = 0
  while (cursor.atSign('(', ahead)) ahead += 1
  const token = cursor.peek(ahead)
  if (token.kind === 'literal' || cursor.atSign('-', ahead)) return true
  return token.kind === 'word' && (aggregates as readonly string[]).includes(token.text)
}

function parseScalarFilter(cursor: Cursor, from: number): Stage {
  const left = parseScalar(cursor)
  const operator = comparisons.find((each) => cursor.atSign(each))
  if (operator === undefined) throw cursor.unexpected('a comparison')
  const text = cursor.text.slice(from, cursor.end())
  cursor.take()
  cursor.operation()
  return { kind: 'scalar', operator, left, right: parseScalar(cursor), text }
}

const arithmetic = [['+', '-'] as const, ['*', '/', '%'] as const]

function parseScalar(cursor: Cursor, level = 0): ScalarExpression {
  const operators = arithmetic[level]
  if (operators === undefined) return parseScalarOperand(cursor)
  let left = parseScalar(cursor, level + 1)
  for (;;) {
    const operator = operators.find((each) => cursor.atSign(each))
    if (operator === undefined) return left
    cursor.take()
    cursor.operation()
    left = { kind: 'arithmetic', operator, left, right: parseScalar(cursor, level + 1) }
  }
}

function parseScalarOperand(cursor: Cursor): ScalarExpression {
  if (cursor.takeSign('(')) {
    const inner = cursor.nested(() => parseScalar(cursor))
    cursor.expectSign(')')
    return inner
  }
  if (cursor.takeSign('-')) {
    cursor.operation()
    const zero = { kind: 'number', literal: { type: 'int', value: 0n } } as const
    return { kind: 'arithmetic', operator: '-', left: zero, right: cursor.nested(() => parseScalarOperand(cursor)) }
  }
  const token = cursor.peek()
  if (token.kind === 'literal' && token.literal.type !== 'string') {
    cursor.take()
    return { kind: 'number', literal: token.literal }
  }
  return { kind: 'aggregate', aggregate: parseAggregate(cursor) }
}

function parseAggregate(cursor: Cursor): Aggregate {
  const name = aggregates.find((each) => cursor.atCall(each))
  if (name === undefined) throw cursor.unexpected('count(), avg(), min(), max() or sum()')
  cursor.operation()
  if (name !== 'count') return { function: name, field: parseArgument(cursor) }
  cursor.take()
  cursor.expectSign('(')
  cursor.expectSign(')')
  return { function: name, field: undefined }
}

/** `with(most_recent=true)`; other hints are about costs that we do not have, and change no answer. */
function parseHints(cursor: Cursor): boolean {
  let mostRecent = false
  if (!cursor.atCall('with')) return mostRecent
  cursor.take()
  cursor.expectSign('(')
  do {
    const name = cursor.take()
    if (name.kind !== 'word') throw cursor.unexpected('the name of a hint')
    cursor.expectSign('=')
    const value = cursor.take()
    if (value.kind !== 'word' && value.kind !== 'literal') throw cursor.unexpected('the value of a hint')
    if (name.text === 'most_recent') mostRecent = value.kind === 'word' && value.text === 'true'
  } while (cursor.takeSign(','))
  cursor.expectSign(')')
  return mostRecent
}
