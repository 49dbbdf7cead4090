import type { otlpCommon, otlpTrace } from '@tern/proto'
import type { ResourceSpans, TraceId, TraceSpans } from '../../ports.ts'
import { hexOf } from '../spans/hex.ts'
import { otlpLimits } from './limits.ts'
import { OtlpProblem } from './problem.ts'

/** Spans by their trace, and how many of them cannot be any trace's. */
export type Split = Readonly<{ traces: readonly TraceSpans[]; rejected: number; why: string }>

type Spans = { resourceSpans: ResourceSpans; scopeSpans: otlpTrace.ScopeSpans; spans: otlpTrace.Span[] }

/** Sorts the spans of a request by trace, each with its resource and scope. Throws an `OtlpProblem` for what nobody can store. */
export function splitByTrace(request: readonly ResourceSpans[]): Split {
  const traces = new Map<TraceId, Map<otlpTrace.ScopeSpans, Spans>>()
  let rejected = 0
  let why = ''
  for (const resourceSpans of request) {
    bytesOf(resourceSpans.resource?.attributes ?? [])
    for (const scopeSpans of resourceSpans.scopeSpans) {
      bytesOf(scopeSpans.scope?.attributes ?? [])
      for (const span of scopeSpans.spans) {
        const problem = problemOf(span)
        if (problem !== undefined) {
          rejected += 1
          why ||= `span ${JSON.stringify(span.name.slice(0, 100))}: ${problem}`
          continue
        }
        const id = hexOf(span.traceId)
        const ofTrace = traces.get(id) ?? new Map<otlpTrace.ScopeSpans, Spans>()
        traces.set(id, ofTrace)
        const here = ofTrace.get(scopeSpans) ?? { resourceSpans, scopeSpans, spans: [] }
        ofTrace.set(scopeSpans, here)
        here.spans.push(span)
      }
    }
  }
  return {
    traces: [...traces].map(([id, ofTrace]) => ({ id, resourceSpans: [...ofTrace.values()].map(whole) })),
    rejected,
    why,
  }
}

const whole = ({ resourceSpans, scopeSpans, spans }: Spans): ResourceSpans => ({
  ...resourceSpans,
  scopeSpans: [{ ...scopeSpans, spans }],
})

const isId = (bytes: Uint8Array, length: number) => bytes.length === length && bytes.some((byte) => byte !== 0)

function problemOf(span: otlpTrace.Span): string | undefined {
  if (!isId(span.traceId, 16)) return 'its trace id is not 16 bytes that are not all zero'
  if (!isId(span.spanId, 8)) return 'its span id is not 8 bytes that are not all zero'
  const many = [...span.events, ...span.links].reduce((total, each) => total + bytesOf(each.attributes) + 32, 0)
  const bytes = span.name.length + bytesOf(span.attributes) + many
  return bytes > otlpLimits.spanBytesMax
    ? `it has about ${bytes} bytes, more than ${otlpLimits.spanBytesMax}`
    : undefined
}

/** About how large attributes are. */
function bytesOf(attributes: readonly otlpCommon.KeyValue[], depth = 0): number {
  let bytes = 0
  for (const { key, value } of attributes) bytes += key.length + 8 + valueBytes(value, depth)
  return bytes
}

function valueBytes(any: otlpCommon.AnyValue | undefined, depth: number): number {
  if (depth > otlpLimits.attributeDepthMax) {
    throw new OtlpProblem(`an attribute is nested more than ${otlpLimits.attributeDepthMax} deep`)
  }
  const value = any?.value
  switch (value?.$case) {
    case 'stringValue':
    case 'bytesValue':
      return value.value.length
    case 'arrayValue':
      return value.value.values.reduce((total, each) => total + 4 + valueBytes(each, depth + 1), 0)
    case 'kvlistValue':
      return bytesOf(value.value.values, depth + 1)
    default:
      return 8
  }
}
