import { otlpCommon, otlpTrace } from '@tern/proto'
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

/** As OTLP has them: together what comes from one process. */
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
    return otlpTrace.ResourceSpans.create({
      resource: { attributes: keyValues(attributes), droppedAttributesCount: 0 },
      scopeSpans: [
        {
          scope: otlpCommon.InstrumentationScope.create({ name: 'tern.messages' }),
          spans: group.map((span) => spanOf(id, span)),
          schemaUrl: '',
        },
      ],
    })
  })
}

function spanOf(traceId: Buffer, span: RenderedSpan): otlpTrace.Span {
  return otlpTrace.Span.create({
    traceId,
    spanId: Buffer.from(span.spanId, 'hex'),
    parentSpanId: Buffer.from(span.parentSpanId, 'hex'),
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: nanos(span.startUs),
    endTimeUnixNano: nanos(span.endUs),
    attributes: keyValues(span.attributes),
    events: span.events.map(({ timeUs, name, attributes }) => ({
      ...{ timeUnixNano: nanos(timeUs), name, attributes: keyValues(attributes), droppedAttributesCount: 0 },
    })),
    links: span.links.map(({ traceId: linked, spanId }) =>
      otlpTrace.Span_Link.create({ traceId: Buffer.from(linked, 'hex'), spanId: Buffer.from(spanId, 'hex') }),
    ),
    status: { code: span.isError ? StatusCode.ERROR : StatusCode.UNSET, message: span.statusMessage },
  })
}

const nanos = (us: number): bigint => BigInt(us) * 1000n

const keyValues = (attributes: Attributes): otlpCommon.KeyValue[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: { value: anyValueOf(value) } }))

function anyValueOf(value: string | number | boolean): otlpCommon.AnyValue['value'] {
  if (typeof value === 'string') return { $case: 'stringValue', value }
  if (typeof value === 'boolean') return { $case: 'boolValue', value }
  return { $case: 'intValue', value: BigInt(value) }
}
