import type { Attribute } from '../../ports.ts'
import type { Cursor } from './cursor.ts'
import { parseAttribute, parseField } from './parse-field.ts'
import { type Comparison, type Metrics, type MetricsFunction, QueryProblem } from './syntax.ts'

const plain: readonly MetricsFunction[] = ['rate', 'count_over_time']
const ofAttribute: readonly MetricsFunction[] = [
  ...(['min_over_time', 'max_over_time', 'avg_over_time', 'sum_over_time'] as const),
  ...(['quantile_over_time', 'histogram_over_time'] as const),
]
/** Of each attribute. */
const topMax = 1_000n
const functions = [...plain, ...ofAttribute]

/** `ahead` tokens from here begins what counts over time, answered or not. */
export function atMetrics(cursor: Cursor, ahead: number): boolean {
  const token = cursor.peek(ahead)
  if (token.kind !== 'word' || !cursor.atSign('(', ahead + 1)) return false
  return token.text === 'compare' || (functions as readonly string[]).includes(token.text)
}

export function parseMetrics(cursor: Cursor): Metrics | Comparison {
  const token = cursor.take()
  cursor.operation()
  const name = functions.find((each) => token.kind === 'word' && token.text === each)
  if (name === undefined) return parseComparison(cursor)
  cursor.expectSign('(')
  const attribute = plain.includes(name) ? undefined : parseAttribute(cursor).attribute
  const quantiles = name === 'quantile_over_time' ? parseQuantiles(cursor) : []
  cursor.expectSign(')')
  return { function: name, attribute, quantiles, by: parseBy(cursor), keep: parseKeep(cursor) }
}

/** `compare({condition}, top, from, to)`, with times in nanoseconds. */
function parseComparison(cursor: Cursor): Comparison {
  cursor.expectSign('(')
  cursor.expectSign('{')
  const selection = cursor.atSign('}') ? undefined : cursor.nested(() => parseField(cursor))
  cursor.expectSign('}')
  const numbers: bigint[] = []
  while (cursor.takeSign(',')) numbers.push(parseWhole(cursor, 'compare()'))
  cursor.expectSign(')')
  const [top = 10n, start, end] = numbers
  if (numbers.length > 3 || top > topMax) {
    throw new QueryProblem(
      `compare() takes a filter, at most ${topMax} as the number of values, and two times`,
      cursor.peek().at,
    )
  }
  const within = start === undefined || end === undefined ? undefined : { start, end }
  return { function: 'compare', selection, top: Number(top), within }
}

function parseWhole(cursor: Cursor, whose: string): bigint {
  const token = cursor.take()
  if (token.kind === 'literal' && token.literal.type === 'int' && token.literal.value > 0n) return token.literal.value
  throw new QueryProblem(`${whose} takes a whole number from 1`, token.at)
}

function parseQuantiles(cursor: Cursor): readonly number[] {
  const quantiles: number[] = []
  while (cursor.takeSign(',')) {
    const token = cursor.take()
    const value = token.kind === 'literal' && /^(int|float)$/.test(token.literal.type) ? token.literal : undefined
    const quantile = value === undefined || value.type === 'nil' ? Number.NaN : Number(value.value)
    if (!(quantile >= 0 && quantile <= 1)) throw new QueryProblem('a quantile is a number from 0 to 1', token.at)
    quantiles.push(quantile)
  }
  if (quantiles.length === 0) throw cursor.unexpected('a quantile')
  return quantiles
}

function parseBy(cursor: Cursor): readonly Attribute[] {
  if (!cursor.atCall('by')) return []
  cursor.take()
  cursor.take()
  const attributes = [parseAttribute(cursor).attribute]
  while (cursor.takeSign(',')) attributes.push(parseAttribute(cursor).attribute)
  cursor.expectSign(')')
  return attributes
}

function parseKeep(cursor: Cursor): Metrics['keep'] {
  if (['<', '<=', '>', '>=', '=', '!='].some((sign) => cursor.atSign(sign))) {
    throw new QueryProblem('a comparison of metrics is not answered here', cursor.peek().at)
  }
  if (!cursor.takeSign('|')) return undefined
  const order = (['topk', 'bottomk'] as const).find((each) => cursor.atCall(each))
  if (order === undefined) throw cursor.unexpected('topk() or bottomk()')
  cursor.take()
  cursor.take()
  const count = parseWhole(cursor, `${order}()`)
  cursor.expectSign(')')
  return { order, count: Number(count) }
}
