import type { Condition, Operator, SearchHints } from '../../ports.ts'
import type { FieldExpression, Query, SpansetExpression, Stage } from './syntax.ts'

type Alternatives = readonly (readonly Condition[])[]

/** More would cost a store more to look at than they save. */
const alternativesMax = 16
const anything: Alternatives = [[]]
const nothing: Alternatives = []

/** What every trace that matches has to fulfil, as far as it can be said of single spans. */
export const hintsOf = ({ stages }: Pick<Query, 'stages'>): SearchHints => ({ alternatives: ofStages(stages) })

const ofStages = (stages: readonly Stage[]): Alternatives =>
  stages.reduce<Alternatives>(
    (all, stage) => (stage.kind === 'filter' ? both(all, ofSpansets(stage.expression)) : all),
    anything,
  )

function ofSpansets(expression: SpansetExpression): Alternatives {
  switch (expression.kind) {
    case 'spans':
      return expression.filter === undefined ? anything : ofField(expression.filter)
    case 'pipeline':
      return ofStages(expression.stages)
    case 'combined': {
      const { combination } = expression
      const right = ofSpansets(expression.right)
      if (combination.kind === 'related' && combination.negated) return right
      const left = ofSpansets(expression.left)
      return combination.kind === 'either' ? either(left, right) : both(left, right)
    }
  }
}

function ofField(expression: FieldExpression): Alternatives {
  switch (expression.kind) {
    case 'literal':
      return 'value' in expression.literal && expression.literal.value === false ? nothing : anything
    case 'attribute':
      return ofComparison('=', expression, { kind: 'literal', literal: { type: 'bool', value: true } })
    case 'binary': {
      const { operator, left, right } = expression
      if (operator === '&&') return both(ofField(left), ofField(right))
      if (operator === '||') return either(ofField(left), ofField(right))
      return operator in flipped ? ofComparison(operator as Operator, left, right) : anything
    }
    default:
      return anything
  }
}

const flipped: Readonly<Record<Operator, Operator>> = {
  ...({ '=': '=', '!=': '!=', '=~': '=~', '!~': '!~' } as const),
  ...({ '<': '>', '>': '<', '<=': '>=', '>=': '<=' } as const),
}

function ofComparison(operator: Operator, left: FieldExpression, right: FieldExpression): Alternatives {
  if (left.kind === 'literal' && right.kind === 'attribute') return ofComparison(flipped[operator], right, left)
  if (left.kind !== 'attribute' || right.kind !== 'literal' || left.ofParent) return anything
  return [[{ attribute: left.attribute, operator, value: right.literal }]]
}

/** Each way with each. Where that are too many, the shorter half alone: it too has to be fulfilled. */
function both(left: Alternatives, right: Alternatives): Alternatives {
  if (left.length * right.length > alternativesMax) return left.length < right.length ? left : right
  return left.flatMap((a) => right.map((b) => [...a, ...b]))
}

function either(left: Alternatives, right: Alternatives): Alternatives {
  const all = [...left, ...right]
  return all.length > alternativesMax || all.some((each) => each.length === 0) ? anything : all
}
