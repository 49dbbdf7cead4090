import type { Attribute, Operator } from '../../ports.ts'
import type { SpanView, TraceView } from '../spans/trace-view.ts'
import type { Value } from '../spans/value.ts'
import { compares, compileTest, compileValues, computed } from './evaluate-field.ts'
import { relatedTo } from './relate.ts'
import type { Aggregate, Combination, Query, ScalarExpression, SpansetExpression, Stage } from './syntax.ts'

/** Spans that belong together in an answer, and what was computed of them. */
export type Spanset = Readonly<{
  spans: readonly SpanView[]
  computed: readonly (readonly [name: string, value: Value])[]
}>

type Step = (spansets: readonly Spanset[]) => readonly Spanset[]
type Choose = (spans: readonly SpanView[]) => readonly SpanView[]

/** A query, ready to be asked of many traces. No spanset: the trace does not match. */
export function compileQuery({ stages }: Pick<Query, 'stages'>): (trace: TraceView) => readonly Spanset[] {
  const run = compileStages(stages)
  return ({ spans }) => run([{ spans, computed: [] }])
}

function compileStages(stages: readonly Stage[]): Step {
  const steps = stages.map(compileStage)
  return (spansets) => {
    let current = spansets
    for (const step of steps) {
      if (current.length === 0) break
      current = step(current)
    }
    return current
  }
}

function compileStage(stage: Stage): Step {
  switch (stage.kind) {
    case 'filter': {
      const pick = compileSpansets(stage.expression)
      return (spansets) => spansets.map((set) => ({ ...set, spans: pick(set.spans) })).filter(hasSpans)
    }
    case 'by':
      return grouping(compileValues(stage.field), stage.text)
    case 'coalesce':
      return (spansets) => [{ spans: distinct(spansets.flatMap(({ spans }) => spans)), computed: [] }]
    case 'select':
      return (spansets) => spansets
    case 'scalar':
      return comparing(stage.operator, compileScalar(stage.left), compileScalar(stage.right), stage.text)
  }
}

const hasSpans = ({ spans }: Spanset) => spans.length > 0
const distinct = (spans: readonly SpanView[]) => [...new Set(spans)]

function compileSpansets(expression: SpansetExpression): Choose {
  if (expression.kind === 'spans') {
    if (expression.filter === undefined) return (spans) => spans
    const test = compileTest(expression.filter)
    return (spans) => spans.filter(test)
  }
  if (expression.kind === 'pipeline') {
    const run = compileStages(expression.stages)
    return (spans) => distinct(run([{ spans, computed: [] }]).flatMap((set) => set.spans))
  }
  const [left, right] = [compileSpansets(expression.left), compileSpansets(expression.right)]
  return (spans) => combined(expression.combination, left(spans), right(spans))
}

function combined(
  combination: Combination,
  left: readonly SpanView[],
  right: readonly SpanView[],
): readonly SpanView[] {
  if (combination.kind !== 'related') {
    const enough = combination.kind === 'either' || (left.length > 0 && right.length > 0)
    return enough ? distinct([...left, ...right]) : []
  }
  const { relation, negated, union } = combination
  const isRelated = relatedTo(relation, left)
  const found = right.filter((view) => isRelated(view) !== negated)
  if (!union || found.length === 0) return found
  const isAnchor = relatedTo(converse[relation], found)
  return distinct([...left.filter(isAnchor), ...found])
}

const converse = { '>': '<', '<': '>', '>>': '<<', '<<': '>>', '~': '~' } as const

function grouping(read: (view: SpanView) => readonly Value[], name: string): Step {
  return (spansets) =>
    spansets.flatMap(({ spans, computed: before }) => {
      const groups = new Map<string, { value: Value | undefined; spans: SpanView[] }>()
      for (const view of spans) {
        const value = read(view)[0]
        const key = value === undefined ? '' : `${value.type} ${value.value}`
        const group = groups.get(key) ?? { value, spans: [] }
        group.spans.push(view)
        groups.set(key, group)
      }
      return [...groups.values()].map(({ value, spans: grouped }) => ({
        spans: grouped,
        computed: [...before, [name, value ?? { type: 'string', value: 'nil' }] as const],
      }))
    })
}

type Scalar = (spans: readonly SpanView[]) => Value | undefined

function comparing(operator: Operator, left: Scalar, right: Scalar, name: string): Step {
  return (spansets) =>
    spansets.flatMap((set) => {
      const [a, b] = [left(set.spans), right(set.spans)]
      if (a === undefined || b === undefined || !compares(operator, a, b)) return []
      return [{ ...set, computed: [...set.computed, [name, a] as const] }]
    })
}

function compileScalar(expression: ScalarExpression): Scalar {
  switch (expression.kind) {
    case 'number': {
      const { literal } = expression
      return () => (literal.type === 'nil' ? undefined : literal)
    }
    case 'aggregate':
      return compileAggregate(expression.aggregate)
    case 'arithmetic': {
      const [left, right] = [compileScalar(expression.left), compileScalar(expression.right)]
      return (spans) => {
        const [a, b] = [left(spans), right(spans)]
        return a === undefined || b === undefined ? undefined : computed(expression.operator, a, b)
      }
    }
  }
}

function compileAggregate({ function: name, field }: Aggregate): Scalar {
  if (field === undefined) return (spans) => ({ type: 'int', value: BigInt(spans.length) })
  const read = compileValues(field)
  return (spans) => {
    const values = spans.flatMap((view) =>
      read(view)
        .filter(({ value }) => typeof value !== 'string')
        .slice(0, 1),
    )
    const [first] = values
    if (first === undefined) return undefined
    const numbers = values.map(({ value }) => Number(value))
    const result = aggregated(name, numbers)
    return first.type === 'duration'
      ? { type: 'duration', value: BigInt(Math.round(result)) }
      : { type: 'float', value: result }
  }
}

function aggregated(name: Aggregate['function'], numbers: readonly number[]): number {
  const sum = () => numbers.reduce((total, each) => total + each, 0)
  switch (name) {
    case 'min':
      return numbers.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY)
    case 'max':
      return numbers.reduce((most, each) => Math.max(most, each), Number.NEGATIVE_INFINITY)
    case 'avg':
      return sum() / numbers.length
    default:
      return sum()
  }
}

/** What a query names: its answers show these of each span. */
export function attributesNamed(query: Query): readonly Attribute[] {
  const found = new Map<string, Attribute>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('scope' in node && 'name' in node) {
      const attribute = node as Attribute
      found.set(`${attribute.scope} ${attribute.name}`, attribute)
      return
    }
    for (const each of Object.values(node)) visit(each)
  }
  visit(query.stages)
  return [...found.values()]
}
