import type { state } from '@tern/proto'
import { homeLimits } from './limits.ts'

/** An equal filter is replaced where it stands [MQTT5-3.8.4-3]; undefined when the session would hold too many. */
export function withSubscriptions(
  held: readonly state.Subscription[],
  added: readonly state.Subscription[],
): readonly state.Subscription[] | undefined {
  const byFilter = new Map(held.map((subscription) => [subscription.filter, subscription]))
  for (const subscription of added) byFilter.set(subscription.filter, subscription)
  return byFilter.size > homeLimits.subscriptionsMax ? undefined : [...byFilter.values()]
}

export function withoutSubscriptions(
  held: readonly state.Subscription[],
  filters: readonly string[],
): readonly state.Subscription[] {
  const removed = new Set(filters)
  return held.filter(({ filter }) => !removed.has(filter))
}
