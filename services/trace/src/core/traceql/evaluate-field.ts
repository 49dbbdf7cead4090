import type { Operator } from '../../ports.ts'
import type { SpanView } from '../spans/trace-view.ts'
import type { Value } from '../spans/value.ts'
import { compilePattern } from './pattern.ts'
import type { BinaryOperator, FieldExpression } from './syntax.ts'
import { type Reader, readerOf } from './values.ts'

export type Test = (view: SpanView) => boolean

type Binary = Extract<FieldExpression, { kind: 'binary' }>

/** A condition, ready to be asked of many spans. */
export function compileTest(expression: FieldExpression): Test {
  if (expression.kind === 'not') {
    const inner = compileTest(expression.operand)
    return (view) => !inner(view)
  }
  if (expression.kind === 'binary') return compileBinary(expression)
  const read = compileValues(expression)
  return (view) => read(view).some(({ value }) => value === true)
}

function compileBinary(expression: Binary): Test {
  const { operator, left, right } = expression
  if (operator === '&&' || operator === '||') {
    const [a, b] = [compileTest(left), compileTest(right)]
    return operator === '&&' ? (view) => a(view) && b(view) : (view) => a(view) || b(view)
  }
  if (operator === '=~' || operator === '!~') return compileMatch(operator, left, right)
  if (isNil(left) || isNil(right)) return compilePresence(operator, isNil(left) ? right : left)
  const compare = comparisons[operator as Operator]
  if (compare !== undefined) return compileComparison(compare, left, right)
  const read = compileValues(expression)
  return (view) => read(view).some(({ value }) => value === true)
}

const isNil = (expression: FieldExpression) => expression.kind === 'literal' && expression.literal.type === 'nil'

function compilePresence(operator: BinaryOperator, of: FieldExpression): Test {
  const read = compileValues(of)
  if (operator === '=') return (view) => read(view).length === 0
  return operator === '!=' ? (view) => read(view).length > 0 : () => false
}

/** Of a list, one element that matches is enough; for the negative none may, and something has to be there. */
function compileMatch(operator: '=~' | '!~', of: FieldExpression, pattern: FieldExpression): Test {
  const { matches } = compilePattern(
    `${pattern.kind === 'literal' && 'value' in pattern.literal ? pattern.literal.value : ''}`,
  )
  const read = compileValues(of)
  const test = ({ type, value }: Value) => type === 'string' && matches(value)
  if (operator === '=~') return (view) => read(view).some(test)
  return (view) => {
    const values = read(view)
    return values.length > 0 && !values.some(test)
  }
}

type Comparison = Readonly<{ pair: (a: Value, b: Value) => boolean; all: boolean }>

function compileComparison({ pair, all }: Comparison, left: FieldExpression, right: FieldExpression): Test {
  const [a, b] = [compileValues(left), compileValues(right)]
  return (view) => {
    const [as, bs] = [a(view), b(view)]
    if (as.length === 0 || bs.length === 0) return false
    return all ? as.every((x) => bs.every((y) => pair(x, y))) : as.some((x) => bs.some((y) => pair(x, y)))
  }
}

const numeric = ({ type }: Value) => type === 'int' || type === 'float' || type === 'duration'
const ordered = (a: Value, b: Value) => (numeric(a) && numeric(b)) || (a.type === 'string' && b.type === 'string')
const less = (a: Value, b: Value) => ordered(a, b) && a.value < b.value
const equal = (a: Value, b: Value) =>
  numeric(a) && numeric(b) ? !(a.value < b.value) && !(a.value > b.value) : a.type === b.type && a.value === b.value

const comparisons: Readonly<Partial<Record<Operator, Comparison>>> = {
  '=': { pair: equal, all: false },
  '!=': { pair: (a, b) => !equal(a, b), all: true },
  '<': { pair: less, all: false },
  '>': { pair: (a, b) => less(b, a), all: false },
  '<=': { pair: (a, b) => ordered(a, b) && !less(b, a), all: false },
  '>=': { pair: (a, b) => ordered(a, b) && !less(a, b), all: false },
}

export const compares = (operator: Operator, a: Value, b: Value): boolean => comparisons[operator]?.pair(a, b) ?? false

/** What an expression gives for a span. */
export function compileValues(expression: FieldExpression): Reader {
  switch (expression.kind) {
    case 'literal': {
      const { literal } = expression
      const values = literal.type === 'nil' ? [] : [literal]
      return () => values
    }
    case 'attribute': {
      const read = readerOf(expression.attribute)
      return expression.ofParent ? ({ parent }) => (parent === undefined ? [] : read(parent)) : read
    }
    case 'negative': {
      const read = compileValues(expression.operand)
      return (view) => read(view).flatMap((value) => computed('-', { type: 'int', value: 0n }, value) ?? [])
    }
    case 'not':
      return answerOf(compileTest(expression))
    case 'binary':
      return isArithmetic(expression.operator) ? compileArithmetic(expression) : answerOf(compileTest(expression))
  }
}

const answerOf =
  (test: Test): Reader =>
  (view) => [{ type: 'bool', value: test(view) }]

const isArithmetic = (operator: BinaryOperator) => '+-*/%^'.includes(operator)

function compileArithmetic({ operator, left, right }: Binary): Reader {
  const [a, b] = [compileValues(left), compileValues(right)]
  return (view) => {
    const [x, y] = [a(view)[0], b(view)[0]]
    const result = x === undefined || y === undefined ? undefined : computed(operator, x, y)
    return result === undefined ? [] : [result]
  }
}

const operations: Readonly<Partial<Record<BinaryOperator, (a: number, b: number) => number>>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': (a, b) => a ** b,
}

/** Arithmetic of two numbers; undefined: they are none, or the result is none (a division by zero). */
export function computed(operator: BinaryOperator, a: Value, b: Value): Value | undefined {
  if (!numeric(a) || !numeric(b)) return undefined
  const result = operations[operator]?.(Number(a.value), Number(b.value))
  if (result === undefined || !Number.isFinite(result)) return undefined
  const isDuration = a.type === 'duration' || b.type === 'duration'
  if (isDuration) return { type: 'duration', value: BigInt(Math.round(result)) }
  const isWhole = a.type === 'int' && b.type === 'int' && Number.isSafeInteger(result)
  return isWhole ? { type: 'int', value: BigInt(result) } : { type: 'float', value: result }
}
