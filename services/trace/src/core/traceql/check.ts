import { typeOf, type ValueType } from './intrinsics.ts'
import { compilePattern } from './pattern.ts'
import {
  type BinaryOperator,
  type FieldExpression,
  type Query,
  QueryProblem,
  type ScalarExpression,
  type SpansetExpression,
  type Stage,
} from './syntax.ts'

/** Refuses what can be seen to have no meaning: a filter that is no condition, `name = 5`, a pattern that is none. */
export function checkQuery(query: Query): void {
  for (const stage of query.stages) checkStage(stage)
  if (query.metrics?.function === 'compare') checkSpansets({ kind: 'spans', filter: query.metrics.selection })
}

function checkStage(stage: Stage): void {
  if (stage.kind === 'filter') checkSpansets(stage.expression)
  if (stage.kind === 'by') checkField(stage.field)
  if (stage.kind === 'scalar') {
    checkScalar(stage.left)
    checkScalar(stage.right)
  }
}

function checkSpansets(expression: SpansetExpression): void {
  if (expression.kind === 'pipeline') {
    for (const stage of expression.stages) checkStage(stage)
  } else if (expression.kind === 'combined') {
    checkSpansets(expression.left)
    checkSpansets(expression.right)
  } else if (expression.filter !== undefined) {
    const type = checkField(expression.filter)
    if (type !== 'bool' && type !== 'any') {
      throw new QueryProblem(`a filter is a condition, and this one is of type ${type}`, 0)
    }
  }
}

function checkScalar(expression: ScalarExpression): void {
  if (expression.kind === 'arithmetic') {
    checkScalar(expression.left)
    checkScalar(expression.right)
  } else if (expression.kind === 'aggregate' && expression.aggregate.field !== undefined) {
    const type = checkField(expression.aggregate.field)
    if (!isNumber(type)) {
      throw new QueryProblem(`${expression.aggregate.function}() takes a number, and this is of type ${type}`, 0)
    }
  }
}

const isNumber = (type: ValueType) => ['int', 'float', 'duration', 'any'].includes(type)

function checkField(expression: FieldExpression): ValueType {
  switch (expression.kind) {
    case 'literal':
      return expression.literal.type
    case 'attribute':
      return typeOf(expression.attribute)
    case 'not':
      return needed('!', checkField(expression.operand), ['bool', 'any'], 'bool')
    case 'negative':
      return needed('-', checkField(expression.operand), ['int', 'float', 'duration', 'any'])
    case 'binary':
      return checkBinary(expression.operator, expression.left, expression.right)
  }
}

function needed(operator: string, type: ValueType, wanted: readonly ValueType[], result = type): ValueType {
  if (wanted.includes(type)) return result
  throw new QueryProblem(`"${operator}" cannot be applied to a value of type ${type}`, 0)
}

function checkBinary(operator: BinaryOperator, left: FieldExpression, right: FieldExpression): ValueType {
  const types = [checkField(left), checkField(right)] as const
  switch (operator) {
    case '&&':
    case '||':
      return either(operator, types, ['bool', 'any'], 'bool')
    case '=~':
    case '!~':
      checkPattern(operator, right)
      return either(operator, types, ['string', 'any'], 'bool')
    case '=':
    case '!=':
      return same(operator, types)
    case '<':
    case '<=':
    case '>':
    case '>=':
      either(operator, types, ['string', 'int', 'float', 'duration', 'any'], 'bool')
      return same(operator, types)
    default:
      either(operator, types, ['int', 'float', 'duration', 'any'], 'float')
      return types.includes('duration') ? 'duration' : types.includes('any') ? 'any' : 'float'
  }
}

type Types = readonly [ValueType, ValueType]

function either(operator: string, types: Types, wanted: readonly ValueType[], result: ValueType): ValueType {
  for (const type of types) needed(operator, type, wanted)
  return result
}

function same(operator: string, [left, right]: Types): ValueType {
  const fits = left === right || [left, right].some((type) => type === 'any' || type === 'nil')
  if (fits || (isNumber(left) && isNumber(right))) return 'bool'
  throw new QueryProblem(`"${operator}" compares values of one type, not ${left} with ${right}`, 0)
}

function checkPattern(operator: string, pattern: FieldExpression): void {
  if (pattern.kind !== 'literal' || pattern.literal.type !== 'string') {
    throw new QueryProblem(`"${operator}" takes a pattern in quotes on its right`, 0)
  }
  compilePattern(pattern.literal.value)
}
