import { matches } from '@tern/mqtt'
import { type Entry, partsOf } from './history.ts'

export type Invocation = Readonly<{ at: number; topic: string; qos: number; will?: boolean }>
export type Delivery = Extract<Entry, { kind: 'delivery' }>

/** Known since its SUBACK; from `ending` on, UNSUBSCRIBE or another SUBSCRIBE of the filter may take effect; `ended` says it has. */
type Subscription = { filter: string; qos: number; since?: number; ending?: number; ended?: number }

/** What one session of a client saw. */
export class Subscriber {
  readonly actor: string
  private readonly subscriptions: Subscription[] = []
  /** When each message was delivered first. */
  private readonly first = new Map<string, number>()
  private readonly exactlyOnce = new Set<string>()
  private readonly highest = new Map<string, number>()
  private readonly furthest = new Map<string, number>()

  constructor(actor: string) {
    this.actor = actor
  }

  has(key: string): boolean {
    return this.first.has(key)
  }

  /** Both deliveries at QoS 2: what came at QoS 1 may come again, also at QoS 2 when the subscription has changed. */
  isDoubled({ key, qos }: Delivery): boolean {
    return qos === 2 && this.exactlyOnce.has(key)
  }

  asks(filter: string, qos: number, at: number): void {
    this.leaves(filter, at)
    this.subscriptions.push({ filter, qos })
  }

  subscribed(filter: string, qos: number, at: number): void {
    const asked = this.subscriptions.findLast((each) => each.filter === filter && each.since === undefined)
    const subscription = asked ?? { filter, qos }
    if (asked === undefined) this.subscriptions.push(subscription)
    subscription.since = at
    subscription.qos = qos
    for (const each of this.subscriptions) {
      if (each !== subscription && each.filter === filter) each.ended ??= at
    }
  }

  leaves(filter: string, at: number): void {
    for (const each of this.subscriptions) if (each.filter === filter) each.ending ??= at
  }

  left(filter: string, at: number): void {
    for (const each of this.subscriptions) if (each.filter === filter) each.ended ??= at
  }

  /** Whether some subscription asks for what was published then; `wrong QoS` when each that does asks for another one. */
  wants({ topic, qos }: Delivery, publish: Invocation): 'yes' | 'wrong QoS' | 'no' {
    const asking = this.subscriptions.filter(
      ({ filter, ended }) => matches(filter, topic) && (ended === undefined || publish.at <= ended),
    )
    if (asking.length === 0) return 'no'
    return asking.some((each) => Math.min(each.qos, publish.qos) === qos) ? 'yes' : 'wrong QoS'
  }

  /** The first delivery; the number before which it should have come, when it is out of the order that `ordered` asks for. */
  takes({ key, at, qos }: Delivery, publishedQos: number, ordered: boolean): number | undefined {
    this.first.set(key, at)
    if (qos === 2) this.exactlyOnce.add(key)
    if (!ordered) return undefined
    const { line, number } = lineOf(key, publishedQos)
    this.furthest.set(line, Math.max(number, this.furthest.get(line) ?? -1))
    // One of QoS 2 counts as delivered at its PUBREL, which others may overtake: order is promised within one QoS.
    const order = `${line}|${qos}`
    const highest = this.highest.get(order) ?? -1
    this.highest.set(order, Math.max(highest, number))
    return number < highest ? highest : undefined
  }

  /** Whether it must have got the message by the end of all things: a subscription that lasts was there when it was published. */
  isOwed(publish: Invocation): boolean {
    return this.subscriptions.some(({ filter, qos, since, ending }) => {
      const lasts = since !== undefined && since < publish.at && ending === undefined
      return lasts && Math.min(qos, publish.qos) > 0 && matches(filter, publish.topic)
    })
  }

  /** Whether it got a later message of the same line while one subscription asked for both: then it was owed this one. */
  hasPassed(key: string, publish: Invocation, laterOf: (line: string) => readonly Later[]): boolean {
    const { line, number } = lineOf(key, publish.qos)
    if ((this.furthest.get(line) ?? -1) < number) return false
    return this.subscriptions.some(({ filter, qos, since, ending = Number.POSITIVE_INFINITY }) => {
      if (since === undefined || since >= publish.at || !matches(filter, publish.topic)) return false
      if (Math.min(qos, publish.qos) === 0) return false
      return laterOf(line).some((later) => later.number > number && (this.first.get(later.key) ?? ending) < ending)
    })
  }
}

export type Later = Readonly<{ key: string; number: number }>

/** One publisher's messages of a topic at one QoS: these have an order. */
export function lineOf(key: string, qos: number): { line: string; number: number } {
  const { publisher, topic, number } = partsOf(key)
  return { line: `${publisher}|${topic}|${qos}`, number }
}
