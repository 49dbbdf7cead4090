import { context, isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api'

/** W3C traceparent of the span that is active in this program; undefined without one, or without an OpenTelemetry SDK. */
export function activeTraceparent(): string | undefined {
  const active = trace.getSpanContext(context.active())
  if (active === undefined || !isSpanContextValid(active)) return undefined
  const { traceId, spanId, traceFlags } = active
  return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0')}`
}

/** Does the work as a child of the span that `traceparent` names; as it is when that is no traceparent. */
export function continueFrom<T>(traceparent: string, work: () => T): T {
  const parent = spanOf(traceparent)
  return parent === undefined ? work() : context.with(trace.setSpanContext(context.active(), parent), work)
}

const pattern = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

function spanOf(traceparent: string): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = pattern.exec(traceparent) ?? []
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true }
  return isSpanContextValid(span) ? span : undefined
}
