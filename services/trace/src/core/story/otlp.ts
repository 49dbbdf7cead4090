import { type otlpCommon, otlpTrace } from '@tern/proto'
import type { ResourceSpans } from '../../ports.ts'
import type { Attributes, RenderedSpan } from './rendered-span.ts'

const { Span_SpanKind: SpanKind, Status_StatusCode: StatusCode } = otlpTrace

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const

/** As OTLP has them: together what comes from one process. Searches make many: whole objects, so that nothing is copied. */
export function otlpOf(traceId: string, spans: readonly RenderedSpan[]): ResourceSpans[] {
  const id = Buffer.from(traceId, 'hex')
  const groups = Map.groupBy(spans, ({ service, zone, instance }) => `${service}/${zone}/${instance}`)
  return [...groups.values()].map((group) => {
    const { service, zone, instance } = group[0] as RenderedSpan
    const attributes = {
      'service.name': service,
      ...(zone !== '' && { 'cloud.availability_zone': zone }),
      ...(instance > 0 && { 'service.instance.id': `${instance}` }),
    }
    return {
      resource: { attributes: keyValues(attributes), droppedAttributesCount: 0 },
      scopeSpans: [
        {
          scope: { name: 'tern.messages', version: '', attributes: [], droppedAttributesCount: 0 },
          spans: group.map((span) => spanOf(id, span)),
          schemaUrl: '',
        },
      ],
      schemaUrl: '',
    }
  })
}

function spanOf(traceId: Buffer, span: RenderedSpan): otlpTrace.Span {
  return {
    traceId,
    traceState: '',
    spanId: Buffer.from(span.spanId, 'hex'),
    parentSpanId: Buffer.from(span.parentSpanId, 'hex'),
    flags: 0,
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: nanos(span.startUs),
    endTimeUnixNano: nanos(span.endUs),
    attributes: keyValues(span.attributes),
    droppedAttributesCount: 0,
    events: span.events.map(({ timeUs, name, attributes }) => ({
      ...{ timeUnixNano: nanos(timeUs), name, attributes: keyValues(attributes), droppedAttributesCount: 0 },
    })),
    droppedEventsCount: 0,
    links: span.links.map(({ traceId: linked, spanId }) => ({
      ...{ traceId: Buffer.from(linked, 'hex'), spanId: Buffer.from(spanId, 'hex'), traceState: '' },
      ...{ attributes: [], droppedAttributesCount: 0, flags: 0 },
    })),
    droppedLinksCount: 0,
    status: { code: span.isError ? StatusCode.ERROR : StatusCode.UNSET, message: span.statusMessage },
  }
}

const nanos = (us: number): bigint => BigInt(us) * 1000n

const keyValues = (attributes: Attributes): otlpCommon.KeyValue[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: { value: anyValueOf(value) } }))

function anyValueOf(value: string | number | boolean): otlpCommon.AnyValue['value'] {
  if (typeof value === 'string') return { $case: 'stringValue', value }
  if (typeof value === 'boolean') return { $case: 'boolValue', value }
  return { $case: 'intValue', value: BigInt(value) }
}
