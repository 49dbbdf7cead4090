import type { otlpTrace } from '@tern/proto'

export type ResourceSpans = otlpTrace.ResourceSpans

/** 32 hexadecimal digits in lower case. */
export type TraceId = string

/** The spans of one trace, as OTLP has them. */
export type TraceSpans = Readonly<{ id: TraceId; resourceSpans: readonly ResourceSpans[] }>

/** Nanoseconds since 1970, both inclusive. */
export type TimeRange = Readonly<{ start: bigint; end: bigint }>

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '=~' | '!~'

/**
 * What a query names. `any` is an attribute of the span or of its resource. The names of intrinsics are the bare ones of TraceQL
 * (`name`, `status`, `duration`, `kind`, `traceDuration`, `rootName`, …), or those with a colon that have no bare one (`trace:id`).
 */
export type Attribute = Readonly<{
  scope: 'any' | 'span' | 'resource' | 'event' | 'link' | 'instrumentation' | 'intrinsic'
  name: string
}>

/** `status` is ok, error or unset; `kind` as in TraceQL; a duration is in nanoseconds. */
export type Literal =
  | Readonly<{ type: 'string'; value: string }>
  | Readonly<{ type: 'int'; value: bigint }>
  | Readonly<{ type: 'float'; value: number }>
  | Readonly<{ type: 'bool'; value: boolean }>
  | Readonly<{ type: 'duration'; value: bigint }>
  | Readonly<{ type: 'status'; value: string }>
  | Readonly<{ type: 'kind'; value: string }>
  | Readonly<{ type: 'nil' }>

export type Condition = Readonly<{ attribute: Attribute; operator: Operator; value: Literal }>

/**
 * What a store may use to prune. A trace can match only if, for at least one of the alternatives, each of its conditions holds for
 * some span of the trace (conditions on a trace's own intrinsics: for the trace). An alternative without conditions says that every
 * trace may match, no alternative at all that none can. To ignore all of it is correct, only slow: whether a trace matches is decided on its whole spans, after the store.
 */
export type SearchHints = Readonly<{ alternatives: readonly (readonly Condition[])[] }>

export type SearchRequest = Readonly<{ range: TimeRange; hints: SearchHints }>

/** One step of a search: never more than `candidatesPerStepMax` traces, each of them once in a search and with all its spans. */
export type SearchStep = Readonly<{
  traces: readonly TraceSpans[]
  /**
   * In whatever the store counts its work in; `done === total` at the end. `wholeFrom`: every span that starts after it has been
   * given, so that what is counted of the time since then is right though the search is not at its end.
   */
  progress: Readonly<{ done: number; total: number; inspectedBytes: number; wholeFrom?: bigint }>
}>

export const candidatesPerStepMax = 256

/** A tag of Tempo's API: `span` has `messaging.client.id`, `resource` has `service.name`. */
export type TagScope = 'resource' | 'span' | 'event' | 'link' | 'instrumentation'
export type TagNames = Readonly<Record<TagScope, readonly string[]>>

/** The traces of the region, ours and those that others sent. */
export type TraceStore = Readonly<{
  /** All spans of a trace that retention has kept; none: there is no such trace. The same span may be there more than once. */
  trace(id: TraceId, signal: AbortSignal): Promise<readonly ResourceSpans[]>
  /**
   * Traces that have a span in the range, newest first (within what the store reads in one step; exactly when it can). Whoever has
   * enough stops to iterate. Aborted: it throws the signal's reason.
   */
  search(request: SearchRequest, signal: AbortSignal): AsyncIterable<SearchStep>
  /** Names that occurred in the range, or lately: each at most once. */
  tagNames(range: TimeRange, signal: AbortSignal): Promise<TagNames>
  /**
   * Values that occurred, the most frequent or newest first, at most `limit`. Undefined: the store keeps no list of this one's values,
   * so that they are taken from traces that it finds.
   */
  tagValues(
    attribute: Attribute,
    range: TimeRange,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly Literal[] | undefined>
}>

/** What became of offered spans. */
export type SinkAnswer = Readonly<{ taken: true }> | Readonly<{ taken: false; why: string; retryAfterSeconds: number }>

/** Where spans that others sent go. */
export type SpanSink = Readonly<{
  /** Resolves once the spans are durable, or when there is no room for them: then none of them was taken. */
  offer(traces: readonly TraceSpans[]): Promise<SinkAnswer>
}>
