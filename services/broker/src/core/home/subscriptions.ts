import type { state } from '@tern/proto'
import type { Client } from './client.ts'
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

/** The shared filters that sessions of a home hold, and how many do. */
export class SharedFilters {
  private readonly counts = new Map<string, number>()

  has(filter: string): boolean {
    return this.counts.has(filter)
  }

  changed(before: Client, after: Client): void {
    if (before.session?.subscriptions === after.session?.subscriptions) return
    this.count(after, 1)
    this.count(before, -1)
  }

  private count({ session }: Client, by: 1 | -1): void {
    for (const { filter } of session?.subscriptions ?? []) {
      if (!filter.startsWith('$share/')) continue
      const count = (this.counts.get(filter) ?? 0) + by
      if (count === 0) this.counts.delete(filter)
      else this.counts.set(filter, count)
    }
  }
}
