import type { otlpCommon, otlpTrace } from '@tern/proto'
import type { ResourceSpans, TraceId, TraceSpans } from '../../ports.ts'
import { hexOf } from '../spans/hex.ts'
import { otlpLimits } from './limits.ts'
import { OtlpProblem } from './problem.ts'

/** Spans by their trace, and how many of them cannot be any trace's. */
export type Split = Readonly<{ traces: readonly TraceSpans[]; rejected: number; why: string }>

type Spans = { resourceSpans: ResourceSpans; scopeSpans: otlpTrace.ScopeSpans; spans: otlpTrace.Span[] }

/** Sorts the spans of a request by trace, each with its resource and scope. Throws an `OtlpProblem` when that would be far more than what came. */
export function splitByTrace(request: readonly ResourceSpans[]): Split {
  const traces = new Map<TraceId, Map<otlpTrace.ScopeSpans, Spans>>()
  let rejected = 0
  let why = ''
  let repeated = 0
  for (const resourceSpans of request) {
    const bytesOfResource = bytesOf(resourceSpans.resource?.attributes ?? [])
    for (const scopeSpans of resourceSpans.scopeSpans) {
      const bytesOfAll = bytesOfResource + bytesOf(scopeSpans.scope?.attributes ?? [])
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
        if (here.spans.length === 0) repeated = checked(repeated + bytesOfAll)
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

/** Each trace has the resource with it: a large one of many traces is many times what came. */
function checked(repeated: number): number {
  if (repeated <= otlpLimits.requestBytesMax) return repeated
  throw new OtlpProblem(
    `resources and scopes have more than ${otlpLimits.requestBytesMax} bytes once each trace has its own; send fewer traces at a time`,
  )
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

/** About how large attributes are; how deep they may be is bounded by those who read them. */
function bytesOf(attributes: readonly otlpCommon.KeyValue[]): number {
  let bytes = 0
  for (const { key, value } of attributes) bytes += key.length + 8 + valueBytes(value)
  return bytes
}

function valueBytes(any: otlpCommon.AnyValue | undefined): number {
  const value = any?.value
  switch (value?.$case) {
    case 'stringValue':
    case 'bytesValue':
      return value.value.length
    case 'arrayValue':
      return value.value.values.reduce((total, each) => total + 4 + valueBytes(each), 0)
    case 'kvlistValue':
      return bytesOf(value.value.values)
    default:
      return 8
  }
}
