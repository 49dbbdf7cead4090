import { matches } from '@tern/mqtt'
import { type Entry, partsOf } from './history.ts'

export type Violation = Readonly<{
  rule: 'lost' | 'phantom' | 'doubled' | 'order' | 'session' | 'power' | 'early' | 'retained'
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
  const judge = new Judge()
  for (const entry of entries) judge.take(entry)
  return judge.finish()
}

/** The same, entry by entry. */
export class Judge {
  readonly violations: Violation[] = []
  private readonly invoked = new Map<string, Invocation>()
  readonly acknowledged = new Set<string>()
  readonly refused = new Set<string>()
  private readonly subscribers = new Map<string, Subscriber>()
  private readonly counts = { invoked: 0, acknowledged: 0, delivered: 0, repeatedAtQos1: 0, faults: 0 }

  take(entry: Entry): void {
    const { counts, violations } = this
    switch (entry.kind) {
      case 'invoke':
        this.invoked.set(entry.key, entry)
        counts.invoked++
        break
      case 'ok':
        this.acknowledged.add(entry.key)
        counts.acknowledged++
        break
      case 'refused':
        this.refused.add(entry.key)
        break
      case 'subscribed':
        this.subscriberOf(entry.actor).filters.push({ filter: entry.filter, qos: entry.qos, since: entry.at })
        break
      case 'delivery':
        counts.delivered++
        counts.repeatedAtQos1 += judgeDelivery(entry, this.subscriberOf(entry.actor), this.invoked, this, violations)
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

  /** What is still missing, too. */
  finish(): Verdict {
    const violations = [...this.violations]
    for (const subscriber of this.subscribers.values())
      findLost(subscriber, this.invoked, this.acknowledged, violations)
    return { violations, counts: this.counts }
  }

  private subscriberOf(actor: string): Subscriber {
    const known = this.subscribers.get(actor)
    if (known) return known
    const fresh: Subscriber = { actor, filters: [], first: new Map(), highest: new Map() }
    this.subscribers.set(actor, fresh)
    return fresh
  }
}

type Invocation = Readonly<{ at: number; topic: string; qos: number; will?: boolean }>
type Delivery = Extract<Entry, { kind: 'delivery' }>
type Invocations = ReadonlyMap<string, Invocation>

/** Returns 1 for a repeat that QoS 1 allows. */
function judgeDelivery(
  entry: Delivery,
  subscriber: Subscriber,
  invoked: Invocations,
  { refused, acknowledged }: Readonly<Record<'refused' | 'acknowledged', ReadonlySet<string>>>,
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
  // A CONNECT that its client gave up may be taken late, after the client's next one: its will comes once or not at all, at any time.
  if (publish.will && !acknowledged.has(key)) return 0
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

/**
 * Retained messages of topics that one publisher each writes, as a reader sees them that subscribed after all was quiet: the last
 * acknowledged one or a later one that was never answered, once.
 */
export function checkRetained(entries: readonly Entry[], reader: string): Violation[] {
  const written = new Map<string, string>()
  const last = new Map<string, number>()
  const seen = new Map<string, number[]>()
  for (const entry of entries) {
    if (entry.kind === 'invoke' && entry.retain) written.set(entry.key, entry.topic)
    else if (entry.kind === 'ok' && written.has(entry.key)) {
      const { topic, number } = partsOf(entry.key)
      last.set(topic, Math.max(number, last.get(topic) ?? -1))
    } else if (entry.kind === 'delivery' && entry.actor === reader && entry.retained) {
      seen.set(entry.topic, [...(seen.get(entry.topic) ?? []), partsOf(entry.key).number])
    }
  }
  return [...last].flatMap(([topic, number]) => {
    const values = seen.get(topic) ?? []
    if (values.length === 1 && (values[0] as number) >= number) return []
    return [
      {
        rule: 'retained' as const,
        what: `${topic} holds number ${number}, and ${reader} got ${values.join() || 'none'}`,
      },
    ]
  })
}
