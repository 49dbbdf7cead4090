import {
  type Context,
  ROOT_CONTEXT,
  type Attributes as SdkAttributes,
  type Span as SdkSpan,
  type Tracer as SdkTracer,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import type { TraceContext } from '../../traceparent.ts'
import type { Attributes, Span, SpanOptions, Tracer } from '../../tracer.ts'

const kinds = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT } as const

/** Our spans over the SDK's. Their parents are handed on in code, so nothing is kept beside the call stack. */
export function tracerFrom(sdk: SdkTracer): Tracer {
  const begin = (name: string, { attributes = {}, kind = 'internal' }: SpanOptions, parent: Context): Span => {
    const span = sdk.startSpan(name, { kind: kinds[kind], attributes: defined(attributes) }, parent)
    return spanOver(span, (part, more) => begin(part, { attributes: more }, trace.setSpan(ROOT_CONTEXT, span)))
  }
  return { start: (name, options = {}) => begin(name, options, contextOf(options.parent)) }
}

function contextOf(parent: TraceContext | undefined): Context {
  if (parent === undefined) return ROOT_CONTEXT
  const { traceId, spanId, sampled } = parent
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}

function spanOver(span: SdkSpan, child: (name: string, attributes: Attributes) => Span): Span {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return {
    fields: { trace_id: traceId, span_id: spanId },
    context: { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 },
    set: (attributes) => void span.setAttributes(defined(attributes)),
    note: (event, attributes = {}) => void span.addEvent(event, defined(attributes)),
    child: (name, attributes = {}) => child(name, attributes),
    end(error) {
      if (error !== undefined) {
        const message = error instanceof Error ? error.message : String(error)
        span.setStatus({ code: SpanStatusCode.ERROR, message })
        span.setAttribute('error.type', error instanceof Error ? error.name : 'refused')
      }
      span.end()
    },
  }
}

function defined(attributes: Attributes): SdkAttributes {
  const known: SdkAttributes = {}
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) known[name] = value
  return known
}
