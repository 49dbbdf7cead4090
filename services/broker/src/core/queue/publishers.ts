import type { envelope, state } from '@tern/proto'

export const publisherLimits = {
  /** A publisher is known for at least so long after its last record, by receive times, unless there are too many. */
  keptMs: 60 * 60 * 1000,
  /** Of one generation. Beyond that the older generation is forgotten early. */
  publishersMax: 32_768,
  /** Records of one publisher whose place is remembered. The place of older ones is not told any more. */
  recentMax: 1_024,
  /** Places so far back in the queue are forgotten, whoever's they are. */
  placesBack: 65_536,
} as const

/** What became of a record; `reasonCode` 0: it stands at `position`. */
export type Outcome = Readonly<{ position: number; reasonCode: number }>

type Key = Readonly<envelope.PublisherKey>
/** By sequence, in rising order. */
type Known = { sequence: number; recent: Map<number, Outcome> }

/**
 * Who publishes with sequences of its own, and how far each has come in this queue (rule 8). Who is known is a function of log order alone:
 * two generations, of which the older one is forgotten when the younger one has lasted an hour or is full.
 */
export class Publishers {
  private young = new Map<string, Known>()
  private old = new Map<string, Known>()
  private sinceMs = 0
  private placesFrom = 0

  /** A sequence that is not above the publisher's last one. */
  isRepetition({ name, sequence }: Key): boolean {
    return sequence <= this.lastOf(name)
  }

  lastOf(name: string): number {
    return this.find(name)?.sequence ?? 0
  }

  outcomeOf({ name, sequence }: Key): Outcome | undefined {
    return this.find(name)?.recent.get(sequence)
  }

  /** Only of what is no repetition. */
  note({ name, sequence }: Key, outcome: Outcome, at: number, receiveTimeMs: number): void {
    if (at - this.placesFrom >= 2 * publisherLimits.placesBack) this.forgetPlaces(at - publisherLimits.placesBack)
    const known = this.touch(name, receiveTimeMs)
    known.sequence = sequence
    known.recent.set(sequence, outcome)
    const { recentMax } = publisherLimits
    if (known.recent.size >= 2 * recentMax) known.recent = new Map([...known.recent].slice(-recentMax))
  }

  private find(name: string): Known | undefined {
    return this.young.get(name) ?? this.old.get(name)
  }

  private touch(name: string, receiveTimeMs: number): Known {
    const { keptMs, publishersMax } = publisherLimits
    if (this.young.size === 0 && this.old.size === 0) this.sinceMs = receiveTimeMs
    if (receiveTimeMs - this.sinceMs >= keptMs || (this.young.size >= publishersMax && !this.young.has(name))) {
      // Of the old ones, who is used now stays.
      const used = this.find(name)
      this.old = this.young
      this.young = new Map(used && [[name, used]])
      this.old.delete(name)
      this.sinceMs = receiveTimeMs
    }
    const young = this.young.get(name)
    if (young !== undefined) return young
    const known = this.old.get(name) ?? { sequence: 0, recent: new Map() }
    this.old.delete(name)
    this.young.set(name, known)
    return known
  }

  private forgetPlaces(below: number): void {
    this.placesFrom = below
    for (const { recent } of this.all()) {
      for (const [sequence, { position, reasonCode }] of recent) {
        if (reasonCode === 0 && position < below) recent.delete(sequence)
      }
    }
  }

  private *all(): Generator<Known> {
    yield* this.old.values()
    yield* this.young.values()
  }

  get since(): number {
    return this.sinceMs
  }

  *progress(): Generator<state.PublisherProgress> {
    for (const [generation, old] of [[this.old, true] as const, [this.young, false] as const]) {
      for (const [name, { sequence, recent }] of generation) {
        const outcomes = Array.from(recent, ([of, outcome]) => ({ sequence: of, ...outcome }))
        yield { name, sequence, old, recent: outcomes }
      }
    }
  }

  restore(progress: readonly state.PublisherProgress[]): void {
    for (const { name, sequence, old, recent } of progress) {
      const outcomes = recent.map((each) => [each.sequence, outcomeIn(each)] as const)
      const generation = old ? this.old : this.young
      generation.set(name, { sequence, recent: new Map(outcomes) })
    }
  }

  began(sinceMs: number): void {
    this.sinceMs = sinceMs
  }
}

const outcomeIn = ({ position, reasonCode }: state.PublishedRecord): Outcome => ({ position, reasonCode })
