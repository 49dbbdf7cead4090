import { type proxy, state } from '@tern/proto'
import type { Delivery } from '../../core/delivery/delivery.ts'
import type { Session } from './session.ts'

const protocols = { 3: 'MQTT 3.1', 4: 'MQTT 3.1.1', 5: 'MQTT 5.0' } as const

/** A connection as operators see it. */
export function describeConnection(
  { request, parts }: Session,
  where: Readonly<{ address: string; connectedAtMs: number }>,
): proxy.Connection {
  const { delivery, publishing } = parts
  return {
    clientId: request.clientId,
    protocol: protocols[request.version],
    ...where,
    keepAliveSeconds: request.keepAliveSeconds,
    cleanStart: request.cleanStart,
    receiveMaximum: request.receiveMaximum,
    inflight: delivery?.window.count ?? 0,
    published: publishing?.published ?? 0,
    delivered: delivery?.delivered ?? 0,
    dropped: delivery?.dropped ?? 0,
    subscriptions: delivery === undefined ? 0 : delivery.subscriptions.size + delivery.shared.size,
  }
}

const { UNSPECIFIED, RELEASED } = state.JournalPhase

export const inflightOf = (delivery: Delivery): proxy.InflightEntry[] =>
  [...delivery.window].map(({ packetId, queue, position, qos, phase, writtenUs, attempt }) => ({
    ...{ packetId, queue, position, qos, attempts: attempt },
    received: phase === RELEASED,
    waiting: phase === UNSPECIFIED,
    writtenAtMs: Math.floor(writtenUs / 1_000),
  }))

export const subscriptionsOf = ({ subscriptions, shared }: Delivery): state.Subscription[] =>
  [...subscriptions.values(), ...shared.values()].map(({ subscription }) => subscription)

export function unsettledOf({ shared, window }: Delivery): Map<string, number> {
  const unsettled = new Map([...shared.keys()].map((filter) => [filter, 0]))
  for (const { lease } of window) {
    if (lease !== undefined) unsettled.set(lease.group, (unsettled.get(lease.group) ?? 0) + 1)
  }
  return unsettled
}
