import { Group, isShared } from './group.ts'
import type { Entry } from './history.ts'
import { type Delivery, type Invocation, type Later, lineOf, Subscriber } from './subscriber.ts'

export type Violation = Readonly<{
  rule: 'lost' | 'phantom' | 'doubled' | 'order' | 'unwanted' | 'qos' | 'session' | 'power' | 'early' | 'retained'
  what: string
}>

export type Verdict = Readonly<{
  violations: readonly Violation[]
  counts: Readonly<{
    invoked: number
    acknowledged: number
    delivered: number
    repeatedAtQos1: number
    repeatedAtQos0: number
    faults: number
  }>
}>

/** Judges a run by what its clients saw. Sessions last to the end of the run, unless their clients say that they end. */
export function check(entries: readonly Entry[]): Verdict {
  const judge = new Judge()
  for (const entry of entries) judge.take(entry)
  return judge.finish()
}

/** The same, entry by entry. */
export class Judge {
  readonly violations: Violation[] = []
  private readonly invoked = new Map<string, Invocation>()
  private readonly acknowledged = new Set<string>()
  /** What somebody may still be owed. */
  private readonly unfinished = new Set<string>()
  private readonly refused = new Set<string>()
  /** What was acknowledged, by publisher, topic and QoS. */
  private readonly lines = new Map<string, Later[]>()
  /** The present session of each client. */
  private readonly subscribers = new Map<string, Subscriber>()
  /** The group of each client that is a member of one: then it has no other subscription. */
  private readonly groups = new Map<string, Group>()
  private readonly counts = {
    invoked: 0,
    acknowledged: 0,
    delivered: 0,
    repeatedAtQos1: 0,
    repeatedAtQos0: 0,
    faults: 0,
  }

  get invocations(): number {
    return this.counts.invoked
  }

  get soFar(): Verdict['counts'] {
    return { ...this.counts }
  }

  take(entry: Entry): void {
    const { counts } = this
    const { at } = entry
    switch (entry.kind) {
      case 'invoke':
        this.invoked.set(entry.key, entry)
        counts.invoked++
        break
      case 'ok':
        this.answered(entry.key)
        break
      case 'refused':
        this.refused.add(entry.key)
        for (const subscriber of this.subscribers.values()) {
          if (subscriber.has(entry.key))
            this.found('phantom', `${subscriber.actor} got ${entry.key}, which was refused`)
        }
        break
      case 'subscribing':
        if (isShared(entry.filter)) this.joins(entry.actor, entry.filter, entry.qos)
        else this.subscriberOf(entry.actor).asks(entry.filter, entry.qos, at)
        break
      case 'subscribed':
        if (isShared(entry.filter)) this.groups.get(entry.actor)?.lasts(at)
        else this.subscriberOf(entry.actor).subscribed(entry.filter, entry.qos, at)
        break
      case 'unsubscribing':
        this.subscriberOf(entry.actor).leaves(entry.filter, at)
        break
      case 'unsubscribed':
        this.subscriberOf(entry.actor).left(entry.filter, at)
        break
      case 'delivery':
        counts.delivered++
        this.judgeDelivery(entry)
        break
      case 'connected':
        if (entry.owed === 'kept' && !entry.sessionPresent)
          this.found('session', `${entry.actor} came back to its session and was told it has none`)
        if (entry.owed === 'new' && entry.sessionPresent)
          this.found('session', `${entry.actor} has no session any more and was told it has one`)
        if (!entry.sessionPresent) this.ended(entry.actor)
        break
      case 'ended':
        this.ended(entry.actor)
        break
      case 'fault':
        counts.faults++
        if (!entry.bit) this.found('power', `the fault ${entry.what} on ${entry.target} did not bite`)
        break
      case 'closed':
        break
    }
  }

  /** What is still missing, too. */
  finish(): Verdict {
    return { violations: [...this.violations, ...this.missing()], counts: this.counts }
  }

  /** What is acknowledged, owed and not delivered, as of now: whose subscription is newer than a message is never owed it. */
  missing(): Violation[] {
    const missing: Violation[] = []
    const subscribers = [...this.subscribers.values(), ...new Set(this.groups.values())]
    for (const key of this.unfinished) {
      const publish = this.invoked.get(key)
      const lacking = subscribers.filter((each) => publish && !each.has(key) && each.isOwed(publish))
      if (lacking.length === 0) this.unfinished.delete(key)
      for (const { actor } of lacking)
        missing.push({ rule: 'lost', what: `${actor} never got ${key}, which was acknowledged` })
    }
    return missing
  }

  private found(rule: Violation['rule'], what: string): void {
    this.violations.push({ rule, what })
  }

  private answered(key: string): void {
    this.counts.acknowledged++
    this.acknowledged.add(key)
    this.unfinished.add(key)
    const { line, number } = lineOf(key, this.invoked.get(key)?.qos ?? 0)
    const others = this.lines.get(line)
    if (others) others.push({ key, number })
    else this.lines.set(line, [{ key, number }])
  }

  /** A session that is over is owed what stands before the last that it got; how far it would have come, nobody knows. */
  private ended(actor: string): void {
    this.groups.get(actor)?.lostMember()
    const subscriber = this.subscribers.get(actor)
    if (subscriber === undefined) return
    this.subscribers.delete(actor)
    for (const key of this.acknowledged) {
      const publish = this.invoked.get(key)
      if (publish === undefined || publish.will || subscriber.has(key)) continue
      if (subscriber.hasPassed(key, publish, (line) => this.lines.get(line) ?? []))
        this.found('lost', `${actor} got later ones and never ${key}, which was acknowledged`)
    }
  }

  private judgeDelivery(entry: Delivery): void {
    const { key, actor, qos } = entry
    const subscriber = this.groups.get(actor) ?? this.subscriberOf(actor)
    const publish = this.invoked.get(key)
    if (publish === undefined || this.refused.has(key)) {
      this.found('phantom', `${actor} got ${key}, which was ${publish ? 'refused' : 'never published'}`)
      return
    }
    if (publish.topic !== entry.topic) this.found('phantom', `${actor} got ${key} on the topic ${entry.topic}`)
    const wants = subscriber.wants(entry, publish)
    if (wants === 'no') this.found('unwanted', `${actor} got ${key}, and had no subscription that matches`)
    if (wants === 'wrong QoS') this.found('qos', `${actor} got ${key} at QoS ${qos}, which no subscription asks for`)
    if (subscriber.has(key)) {
      if (subscriber.isDoubled(entry)) this.found('doubled', `${subscriber.actor} got ${key} twice at QoS 2`)
      else if (qos === 0) this.counts.repeatedAtQos0++
      else this.counts.repeatedAtQos1++
      return
    }
    // A CONNECT that its client gave up may be taken late, after the client's next one: its will comes once or not at all, at any time.
    const ordered = publish.will !== true || this.acknowledged.has(key)
    const highest = subscriber.takes(entry, publish.qos, ordered)
    if (highest !== undefined)
      this.found('order', `${actor} got ${key} after number ${highest} of the same publisher and topic`)
  }

  private joins(actor: string, filter: string, qos: number): void {
    const known = [...this.groups.values()].find((group) => group.actor === filter)
    this.groups.set(actor, known ?? new Group(filter, qos))
  }

  private subscriberOf(actor: string): Subscriber {
    const known = this.subscribers.get(actor)
    if (known) return known
    const fresh = new Subscriber(actor)
    this.subscribers.set(actor, fresh)
    return fresh
  }
}
