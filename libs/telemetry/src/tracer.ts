import type { TraceContext } from './traceparent.ts'

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** One operation and how long it took. */
export type Span = Readonly<{
  /** What log lines about the operation say of it: trace_id and span_id; nothing when nobody traces. */
  fields: Readonly<Record<string, string>>
  /** What is handed on to whoever does a part of it elsewhere. */
  context: TraceContext | undefined
  set(attributes: Attributes): void
  /** Something that happened meanwhile. */
  note(event: string, attributes?: Attributes): void
  /** A part of the operation. */
  child(name: string, attributes?: Attributes): Span
  /** With what it failed for, if it did. What is said to a span later is lost. */
  end(error?: unknown): void
}>

export type SpanOptions = Readonly<{
  attributes?: Attributes
  kind?: 'internal' | 'server' | 'client'
  /** Of the caller. */
  parent?: TraceContext | undefined
}>

/** Spans of what happens now and then: connections taken over, queues that move, calls of the API. Messages have their traces elsewhere. */
export type Tracer = Readonly<{ start(name: string, options?: SpanOptions): Span }>

const noSpan: Span = {
  fields: {},
  context: undefined,
  set() {},
  note() {},
  child: () => noSpan,
  end() {},
}

/** For whoever has no exporter configured. */
export const noTracer: Tracer = { start: () => noSpan }

/** Ends the span when the work is over, whichever way that goes. */
export async function inSpan<Result>(span: Span, work: (span: Span) => Promise<Result>): Promise<Result> {
  try {
    const result = await work(span)
    span.end()
    return result
  } catch (error) {
    span.end(error)
    throw error
  }
}
