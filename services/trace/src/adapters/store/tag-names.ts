import type { TagNames, TimeRange, TraceStore } from '../../ports.ts'

/** Traces that are looked at for names that others use. */
const tracesLookedAt = 200

const ours = {
  resource: ['service.name', 'service.instance.id', 'cloud.availability_zone'],
  span: [
    'messaging.client.id',
    'messaging.destination.name',
    'messaging.destination.partition.id',
    'messaging.destination.subscription.name',
    'messaging.message.body.size',
    'messaging.message.id',
    'messaging.mqtt.expiry_seconds',
    'messaging.mqtt.qos',
    'messaging.mqtt.reason_code',
    'messaging.mqtt.retain',
    'messaging.operation.name',
    'messaging.operation.type',
    'messaging.system',
    'error.type',
    'tern.ack.pending',
    'tern.delivery.attempts',
    'tern.delivery.outcome',
    'tern.principal',
    'tern.reason',
  ],
  event: ['messaging.mqtt.reason_code', 'tern.delivery.attempt', 'tern.reason'],
}

/** Ours, and those of the newest traces of the range. */
export async function knownTagNames(store: TraceStore, range: TimeRange, signal: AbortSignal): Promise<TagNames> {
  const resource = new Set(ours.resource)
  const span = new Set(ours.span)
  const event = new Set(ours.event)
  let looked = 0
  for await (const { traces } of store.search({ range, hints: { alternatives: [[]] } }, signal)) {
    for (const each of traces.flatMap(({ resourceSpans }) => resourceSpans)) {
      for (const { key } of each.resource?.attributes ?? []) resource.add(key)
      for (const { attributes, events } of each.scopeSpans.flatMap(({ spans }) => spans)) {
        for (const { key } of attributes) span.add(key)
        for (const { key } of events.flatMap((one) => one.attributes)) event.add(key)
      }
    }
    looked += traces.length
    if (looked >= tracesLookedAt) break
  }
  return { resource: [...resource], span: [...span], event: [...event], link: [], instrumentation: [] }
}
