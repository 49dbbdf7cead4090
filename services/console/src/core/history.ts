import type { Topology } from './topology.ts'

/** A quarter of an hour, a second apart. */
export const samplesMax = 900

export type ZoneSample = Readonly<{ name: string; state: string; clients: number; queues: number; leads: boolean }>

export type Sample = Readonly<{
  /** Milliseconds since the Unix epoch. */
  time: number
  clients: number
  publishes: number
  deliveries: number
  /** Milliseconds; null: nothing was delivered. */
  p99: number | null
  oldest: number | null
  zones: readonly ZoneSample[]
}>

/** What the charts of the first page begin with, kept here so that nothing else need be installed. */
export class History {
  readonly #samples: Sample[] = []

  /** At most one a second. */
  add(topology: Topology, now: number): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && now - last.time < 900) return
    this.#samples.push(sampleOf(topology, now))
    if (this.#samples.length > samplesMax) this.#samples.shift()
  }

  get samples(): readonly Sample[] {
    return this.#samples
  }
}

function sampleOf({ zones = [], headline = {} }: Topology, time: number): Sample {
  const of = (zone: NonNullable<Topology['zones']>[number]): ZoneSample => {
    const members = zone.members ?? []
    return {
      name: zone.name ?? '',
      state: (zone.state ?? '').replace('MEMBER_STATE_', '').toLowerCase(),
      clients: sum(members.map((member) => member.connections ?? 0)),
      queues: sum(members.map((member) => member.ownedQueues ?? 0)),
      leads: members.some((member) => member.leads === true),
    }
  }
  return {
    time,
    clients: headline.clients ?? 0,
    publishes: Number(headline.publishesPerSecond ?? 0),
    deliveries: Number(headline.deliveriesPerSecond ?? 0),
    p99: millisOf(headline.publishToDeliverP99),
    oldest: millisOf(headline.oldestUnacked),
    zones: zones.map(of),
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

/** Of a duration in protobuf's JSON form, as "0.014s". */
export function millisOf(duration: string | undefined): number | null {
  const seconds = Number.parseFloat(duration ?? '')
  return Number.isNaN(seconds) ? null : seconds * 1_000
}
