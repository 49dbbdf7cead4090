import { parseFilter, reasonCode, type SubscribePacket } from '@tern/mqtt'
import { state } from '@tern/proto'

/** What one entry of a SUBSCRIBE gets: a subscription that is not begun yet, or the reason code of its refusal. */
export type Grant = Readonly<{ subscription: state.Subscription; retainHandling: 0 | 1 | 2 }> | number

export function grantsOf({ subscriptions, properties }: SubscribePacket): Grant[] {
  const identifier = properties.subscriptionIdentifiers?.[0] ?? 0
  return subscriptions.map(({ filter, qos, noLocal, retainAsPublished, retainHandling }) => {
    const parsed = parseFilter(filter)
    if (parsed === undefined) return reasonCode.topicFilterInvalid
    if (parsed.share !== undefined) return reasonCode.sharedSubscriptionsNotSupported
    const fields = { filter, qos, noLocal, retainAsPublished, retainHandling, identifier }
    return { subscription: state.Subscription.create(fields), retainHandling }
  })
}
