import type { otlpCommon, otlpTrace, traces } from '@tern/proto'
import type { ResourceSpans } from '../../ports.ts'
import { hexOf } from '../spans/hex.ts'
import { serviceOf } from '../spans/trace-view.ts'
import { valuesOf, writtenOut } from '../spans/value.ts'

const kinds = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const
const statuses = ['', 'ok', 'error'] as const
const zoneKey = 'cloud.availability_zone'

/** Spans that others sent, as the public API shows them; each once, at most `max`. */
export function foreignSpansOf(resourceSpans: readonly ResourceSpans[], max: number): traces.Span[] {
  const byId = new Map<string, traces.Span>()
  for (const { resource, scopeSpans } of resourceSpans) {
    const attributes = resource?.attributes ?? []
    const service = serviceOf(attributes)
    const zone = textsOf(attributes)[zoneKey] ?? ''
    for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
      if (byId.size < max) byId.set(hexOf(span.spanId), ternSpanOf(span, service, zone))
    }
  }
  return [...byId.values()]
}

const ternSpanOf = (span: otlpTrace.Span, service: string, zone: string): traces.Span => ({
  ...{ service, zone, name: span.name, critical: false },
  spanId: hexOf(span.spanId),
  parentSpanId: hexOf(span.parentSpanId),
  kind: kinds[span.kind] ?? 'internal',
  startUnixNano: `${span.startTimeUnixNano}`,
  durationNano: Math.max(0, Number(span.endTimeUnixNano - span.startTimeUnixNano)),
  status: statuses[span.status?.code ?? 0] ?? '',
  statusMessage: span.status?.message ?? '',
  attributes: textsOf(span.attributes),
  events: span.events.map(({ timeUnixNano, name, attributes }) => ({
    ...{ timeUnixNano: `${timeUnixNano}`, name, attributes: textsOf(attributes) },
  })),
})

const textsOf = (attributes: readonly otlpCommon.KeyValue[]): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, valuesOf(value).map(writtenOut).join(', ')]))
