import { parseFilter, reasonCode, type SubscribePacket } from '@tern/mqtt'
import { state } from '@tern/proto'

/** What one entry of a SUBSCRIBE gets: a subscription that is not begun yet, or the reason code of its refusal. */
export type Grant = Readonly<{ subscription: state.Subscription; shared: boolean; retainHandling: 0 | 1 | 2 }> | number

export function grantsOf({ subscriptions, properties }: SubscribePacket): Grant[] {
  const identifier = properties.subscriptionIdentifiers?.[0] ?? 0
  return subscriptions.map(({ filter, qos, noLocal, retainAsPublished, retainHandling }) => {
    const parsed = parseFilter(filter)
    if (parsed === undefined) return reasonCode.topicFilterInvalid
    const shared = parsed.share !== undefined
    const fields = { filter, qos, noLocal, retainAsPublished, retainHandling, identifier }
    // Shared subscriptions get no retained messages (MQTT 5, 4.8.2).
    return { subscription: state.Subscription.create(fields), shared, retainHandling: shared ? 2 : retainHandling }
  })
}
