import { otlpCommon, otlpTrace } from '@tern/proto'
import type { ResourceSpans, TraceSpans } from '../ports.ts'

type Plain = string | number | boolean | readonly string[]
type Attributes = Readonly<Record<string, Plain>>

type SpanShape = Readonly<{
  kind?: number
  parent?: string
  /** From when to when, since the beginning of time of the tests. */
  milliseconds?: readonly [from: number, to: number]
  attributes?: Attributes
  status?: readonly [code: number, message: string]
  events?: readonly Readonly<{ name: string; millisecond: number; attributes?: Attributes }>[]
}>

export const testsBegin = 1_700_000_000_000_000_000n
const nanos = (millisecond: number) => testsBegin + BigInt(Math.round(millisecond * 1e6))

/** Eight bytes that stand for a name: the same span is named again as a parent. */
export function spanIdOf(name: string): Uint8Array {
  let hash = 0xcbf29ce484222325n
  for (const character of name) hash = BigInt.asUintN(64, (hash ^ BigInt(character.charCodeAt(0))) * 0x100000001b3n)
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, hash)
  return bytes
}

export const attributesOf = (attributes: Attributes): otlpCommon.KeyValue[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: otlpCommon.AnyValue.fromPartial(anyOf(value)) }))

function anyOf(value: Plain): otlpCommon.AnyValue {
  if (typeof value === 'string') return { value: { $case: 'stringValue', value } }
  if (typeof value === 'boolean') return { value: { $case: 'boolValue', value } }
  if (typeof value !== 'number') return { value: { $case: 'arrayValue', value: { values: value.map(anyOf) } } }
  if (Number.isInteger(value)) return { value: { $case: 'intValue', value: BigInt(value) } }
  return { value: { $case: 'doubleValue', value } }
}

export function aSpan(name: string, shape: SpanShape = {}): otlpTrace.Span {
  const [from, to] = shape.milliseconds ?? [0, 1]
  return otlpTrace.Span.fromPartial({
    spanId: spanIdOf(name),
    parentSpanId: shape.parent === undefined ? new Uint8Array() : spanIdOf(shape.parent),
    name,
    kind: (shape.kind ?? 1) as otlpTrace.Span_SpanKind,
    startTimeUnixNano: nanos(from),
    endTimeUnixNano: nanos(to),
    attributes: attributesOf(shape.attributes ?? {}),
    status: { code: (shape.status?.[0] ?? 0) as otlpTrace.Status_StatusCode, message: shape.status?.[1] ?? '' },
    events: (shape.events ?? []).map(({ name: called, millisecond, attributes }) => ({
      name: called,
      timeUnixNano: nanos(millisecond),
      attributes: attributesOf(attributes ?? {}),
      droppedAttributesCount: 0,
    })),
  })
}

/** A trace of one service. */
export function aTrace(id: string, service: string, spans: readonly otlpTrace.Span[]): TraceSpans {
  return { id, resourceSpans: [resourceSpansOf({ 'service.name': service }, id, spans)] }
}

export function resourceSpansOf(resource: Attributes, id: string, spans: readonly otlpTrace.Span[]): ResourceSpans {
  const traceId = Uint8Array.from(Buffer.from(id, 'hex'))
  return otlpTrace.ResourceSpans.fromPartial({
    resource: { attributes: attributesOf(resource) },
    scopeSpans: [{ scope: { name: 'tests' }, spans: spans.map((span) => ({ ...span, traceId })) }],
  })
}
