import type { Attributes, Span, SpanOptions, Tracer } from './tracer.ts'

export type RecordedSpan = {
  name: string
  attributes: Record<string, string | number | boolean | undefined>
  events: { name: string; attributes: Attributes }[]
  children: RecordedSpan[]
  /** False while the span goes on; then what it failed for, or undefined. */
  ended: false | { error: unknown }
}

/** Keeps the spans that were started, for tests. */
export function recordingTracer(): Tracer & Readonly<{ spans: RecordedSpan[] }> {
  const spans: RecordedSpan[] = []
  let drawn = 0
  const begin = (into: RecordedSpan[], name: string, attributes: Attributes, traceId: string): Span => {
    const recorded: RecordedSpan = { name, attributes: { ...attributes }, events: [], children: [], ended: false }
    into.push(recorded)
    const spanId = String(++drawn).padStart(16, '0')
    return {
      fields: { trace_id: traceId, span_id: spanId },
      context: { traceId, spanId, sampled: true },
      set: (more) => void Object.assign(recorded.attributes, more),
      note: (event, more = {}) => void recorded.events.push({ name: event, attributes: more }),
      child: (part, more = {}) => begin(recorded.children, part, more, traceId),
      end(error) {
        recorded.ended = { error }
      },
    }
  }
  return {
    spans,
    start: (name, { attributes = {}, parent }: SpanOptions = {}) =>
      begin(spans, name, attributes, parent?.traceId ?? String(++drawn).padStart(32, '0')),
  }
}
