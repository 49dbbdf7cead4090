import { matches } from '@tern/mqtt'
import { type Entry, partsOf } from './history.ts'

export type Violation = Readonly<{
  rule: 'lost' | 'phantom' | 'doubled' | 'order' | 'session' | 'power'
  what: string
}>

export type Verdict = Readonly<{
  violations: readonly Violation[]
  counts: Readonly<{ invoked: number; acknowledged: number; delivered: number; repeatedAtQos1: number; faults: number }>
}>

type Subscriber = {
  actor: string
  filters: { filter: string; qos: number; since: number }[]
  first: Map<string, number>
  highest: Map<string, number>
}

/** Judges a run by what its clients saw. Subscriptions are durable and last to the end of the run. */
export function check(entries: readonly Entry[]): Verdict {
  const violations: Violation[] = []
  const invoked = new Map<string, { at: number; topic: string; qos: number }>()
  const acknowledged = new Set<string>()
  const refused = new Set<string>()
  const subscribers = new Map<string, Subscriber>()
  const counts = { invoked: 0, acknowledged: 0, delivered: 0, repeatedAtQos1: 0, faults: 0 }

  const subscriberOf = (actor: string): Subscriber => {
    const known = subscribers.get(actor)
    if (known) return known
    const fresh: Subscriber = { actor, filters: [], first: new Map(), highest: new Map() }
    subscribers.set(actor, fresh)
    return fresh
  }

  for (const entry of entries) {
    switch (entry.kind) {
      case 'invoke':
        invoked.set(entry.key, { at: entry.at, topic: entry.topic, qos: entry.qos })
        counts.invoked++
        break
      case 'ok':
        acknowledged.add(entry.key)
        counts.acknowledged++
        break
      case 'refused':
        refused.add(entry.key)
        break
      case 'subscribed':
        subscriberOf(entry.actor).filters.push({ filter: entry.filter, qos: entry.qos, since: entry.at })
        break
      case 'delivery':
        counts.delivered++
        counts.repeatedAtQos1 += judgeDelivery(entry, subscriberOf(entry.actor), invoked, refused, violations)
        break
      case 'connected':
        if (!entry.first && !entry.sessionPresent)
          violations.push({
            rule: 'session',
            what: `${entry.actor} came back to its durable session and was told it has none`,
          })
        break
      case 'fault':
        counts.faults++
        if (!entry.bit)
          violations.push({ rule: 'power', what: `the fault ${entry.what} on ${entry.target} did not bite` })
        break
      case 'closed':
        break
    }
  }
  for (const subscriber of subscribers.values()) findLost(subscriber, invoked, acknowledged, violations)
  return { violations, counts }
}

type Delivery = Extract<Entry, { kind: 'delivery' }>
type Invocations = ReadonlyMap<string, { at: number; topic: string; qos: number }>

/** Returns 1 for a repeat that QoS 1 allows. */
function judgeDelivery(
  entry: Delivery,
  subscriber: Subscriber,
  invoked: Invocations,
  refused: ReadonlySet<string>,
  violations: Violation[],
): number {
  const { key, actor, qos } = entry
  const publish = invoked.get(key)
  if (publish === undefined || refused.has(key)) {
    violations.push({
      rule: 'phantom',
      what: `${actor} got ${key}, which was ${publish ? 'refused' : 'never published'}`,
    })
    return 0
  }
  if (publish.topic !== entry.topic)
    violations.push({ rule: 'phantom', what: `${actor} got ${key} on the topic ${entry.topic}` })
  const before = subscriber.first.get(key)
  if (before !== undefined) {
    if (qos !== 2) return 1
    violations.push({ rule: 'doubled', what: `${actor} got ${key} twice at QoS 2` })
    return 0
  }
  subscriber.first.set(key, entry.at)
  const { publisher, topic, number } = partsOf(key)
  const line = `${publisher}|${topic}|${publish.qos}`
  const highest = subscriber.highest.get(line) ?? -1
  if (number < highest)
    violations.push({
      rule: 'order',
      what: `${actor} got ${key} after number ${highest} of the same publisher and topic`,
    })
  subscriber.highest.set(line, Math.max(highest, number))
  return 0
}

function findLost(
  subscriber: Subscriber,
  invoked: Invocations,
  acknowledged: ReadonlySet<string>,
  violations: Violation[],
): void {
  for (const key of acknowledged) {
    const publish = invoked.get(key)
    if (publish === undefined || subscriber.first.has(key)) continue
    const due = subscriber.filters.some(
      ({ filter, qos, since }) =>
        since < publish.at && Math.min(qos, publish.qos) > 0 && matches(filter, publish.topic),
    )
    if (due) violations.push({ rule: 'lost', what: `${subscriber.actor} never got ${key}, which was acknowledged` })
  }
}
