import { entryKind } from '@tern/record'
import { spanIdOf } from '@tern/telemetry'
import { type Delivery, hasFailed, nameOf, startOf } from './deliveries.ts'
import { messageAttributes, publishSpanId, sendSpanId } from './publish-spans.ts'
import type { Attributes, RenderedEvent, RenderedSpan } from './rendered-span.ts'
import { noSpan, type Story, type Told } from './story.ts'

const { acked, refused, pending, interrupted } = entryKind

/** One span for each delivery, and one for the wait for its acknowledgement. */
export function deliverySpans(story: Story, delivery: Delivery): RenderedSpan[] {
  const { clientId, filter, told, last } = delivery
  const { zone, proxy: instance } = last
  const failed = hasFailed(delivery)
  const outcome = nameOf(last)
  const creation = story.message?.context
  const span: RenderedSpan = {
    spanId: spanIdOf('deliver', story.queue, story.position, clientId, filter),
    parentSpanId: sendSpanId(story),
    // A filter without wildcards may be a topic of one device: a name is for many.
    name: /[+#]/.test(filter) ? `deliver ${filter}` : 'deliver',
    kind: 'consumer',
    service: 'tern-proxy',
    ...{ zone, instance, startUs: startOf(delivery), endUs: last.endUs },
    isError: failed,
    statusMessage: failed ? last.reason || `refused with reason code 0x${last.code.toString(16)}` : '',
    attributes: {
      ...messageAttributes(story),
      'messaging.operation.name': 'deliver',
      'messaging.operation.type': 'process',
      'messaging.client.id': clientId,
      'messaging.destination.subscription.name': filter,
      'messaging.mqtt.qos': last.qos,
      'tern.delivery.outcome': outcome,
      'tern.delivery.attempts': Math.max(...told.map(({ attempt }) => attempt)),
      ...(failed && { 'error.type': outcome }),
      ...reasonOf(last),
    },
    events: told.flatMap(eventsOf),
    links: [
      creation !== undefined && creation.spanId !== noSpan
        ? { traceId: creation.traceId, spanId: creation.spanId }
        : { traceId: story.traceId, spanId: publishSpanId(story) },
    ],
  }
  return last.kind === acked || last.kind === refused || last.kind === pending
    ? [span, settleSpan(span, last, clientId)]
    : [span]
}

const settleSpan = (deliver: RenderedSpan, last: Told, clientId: string): RenderedSpan => ({
  ...deliver,
  spanId: spanIdOf('ack', deliver.spanId),
  parentSpanId: deliver.spanId,
  name: 'ack',
  kind: 'client',
  startUs: last.startUs,
  attributes: {
    'messaging.system': 'mqtt',
    'messaging.operation.name': 'ack',
    'messaging.operation.type': 'settle',
    'messaging.client.id': clientId,
    'tern.ack.pending': last.kind === pending,
    ...reasonOf(last),
  },
  events: [],
  links: [],
})

function eventsOf(told: Told): RenderedEvent[] {
  const { kind, startUs, middleUs, endUs, qos, attempt } = told
  const attributes = { ...(attempt > 1 && { 'tern.delivery.attempt': attempt }), ...reasonOf(told) }
  const last = { timeUs: endUs, name: nameOf(told), attributes }
  if (kind !== acked && kind !== refused && kind !== pending && kind !== interrupted) return [last]
  const written = { timeUs: startUs, name: attempt > 1 ? 'redelivered' : 'written', attributes: {} }
  const received = qos === 2 && kind === acked ? [{ timeUs: middleUs, name: 'received', attributes: {} }] : []
  return [written, ...received, ...(kind === pending ? [] : [last])]
}

const reasonOf = ({ code, reason }: Told): Attributes => ({
  ...(code > 0 && { 'messaging.mqtt.reason_code': code }),
  ...(reason !== '' && { 'tern.reason': reason }),
})
