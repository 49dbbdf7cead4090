import type { Attribute, Literal, Operator, TimeRange } from '../../ports.ts'

export type BinaryOperator = Operator | '&&' | '||' | '+' | '-' | '*' | '/' | '%' | '^'

/** What a span is asked: `duration > 10ms && .a = .b`. */
export type FieldExpression =
  | Readonly<{ kind: 'literal'; literal: Literal }>
  /** `ofParent`: of the parent of the span. */
  | Readonly<{ kind: 'attribute'; attribute: Attribute; ofParent: boolean }>
  | Readonly<{ kind: 'binary'; operator: BinaryOperator; left: FieldExpression; right: FieldExpression }>
  | Readonly<{ kind: 'not' | 'negative'; operand: FieldExpression }>

export type Relation = '>' | '>>' | '<' | '<<' | '~'

/** How spans of two sets are combined: `union` gives both sides of what is related (`&>>`), `negated` what is not (`!>>`). */
export type Combination =
  | Readonly<{ kind: 'both' }>
  | Readonly<{ kind: 'either' }>
  | Readonly<{ kind: 'related'; relation: Relation; negated: boolean; union: boolean }>

export type SpansetExpression =
  /** Undefined: every span. */
  | Readonly<{ kind: 'spans'; filter: FieldExpression | undefined }>
  | Readonly<{ kind: 'combined'; combination: Combination; left: SpansetExpression; right: SpansetExpression }>
  | Readonly<{ kind: 'pipeline'; stages: readonly Stage[] }>

export type Aggregate = Readonly<{
  function: 'count' | 'avg' | 'min' | 'max' | 'sum'
  field: FieldExpression | undefined
}>

export type ScalarExpression =
  | Readonly<{ kind: 'number'; literal: Literal }>
  | Readonly<{ kind: 'aggregate'; aggregate: Aggregate }>
  | Readonly<{ kind: 'arithmetic'; operator: BinaryOperator; left: ScalarExpression; right: ScalarExpression }>

export type Stage =
  | Readonly<{ kind: 'filter'; expression: SpansetExpression }>
  | Readonly<{ kind: 'by'; field: FieldExpression; text: string }>
  | Readonly<{ kind: 'coalesce' }>
  | Readonly<{ kind: 'select'; attributes: readonly Attribute[] }>
  | Readonly<{ kind: 'scalar'; operator: Operator; left: ScalarExpression; right: ScalarExpression; text: string }>

export type MetricsFunction =
  | 'rate'
  | 'count_over_time'
  | 'min_over_time'
  | 'max_over_time'
  | 'avg_over_time'
  | 'sum_over_time'
  | 'quantile_over_time'
  | 'histogram_over_time'

export type Metrics = Readonly<{
  function: MetricsFunction
  attribute: Attribute | undefined
  quantiles: readonly number[]
  by: readonly Attribute[]
  /** The greatest or least series only. */
  keep: Readonly<{ order: 'topk' | 'bottomk'; count: number }> | undefined
}>

/** How spans that fulfil a condition differ from the others: the values of their attributes, the `top` ones of each. */
export type Comparison = Readonly<{
  function: 'compare'
  selection: FieldExpression | undefined
  top: number
  /** What of them is the selection; undefined: at any time. */
  within: TimeRange | undefined
}>

export type Query = Readonly<{
  stages: readonly Stage[]
  /** Undefined: a search. */
  metrics: Metrics | Comparison | undefined
  mostRecent: boolean
}>

/** Why a text is no query that we answer, and where. */
export class QueryProblem extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}
