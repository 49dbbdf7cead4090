import type { BacklogLoad, HerdLoad, IdleLoad, LiveLoad, NarrowLoad } from './load/load.ts'

type Asked<L> = Omit<L, 'addresses' | 'seconds' | 'warmSeconds'>

export type Scenario = Readonly<{
  name: string
  load: Asked<LiveLoad> | Asked<BacklogLoad> | Asked<NarrowLoad> | Asked<HerdLoad> | Asked<IdleLoad>
}>

const among = (name: string, others: number): Scenario => ({
  name,
  load: { kind: 'live', pairs: 20, qos: 1, inFlight: 100, rate: 5_000, others },
})

export const scenarios: readonly Scenario[] = [
  { name: 'saturated', load: { kind: 'live', pairs: 20, qos: 1, inFlight: 100, rate: 0 } },
  { name: 'paced', load: { kind: 'live', pairs: 20, qos: 1, inFlight: 100, rate: 10_000 } },
  { name: 'many', load: { kind: 'live', pairs: 2_000, qos: 1, inFlight: 1, rate: 10_000 } },
  { name: 'fan-out', load: { kind: 'live', pairs: 500, fanOut: true, qos: 0, inFlight: 0, rate: 200 } },
  {
    name: 'fan-out-saturated',
    load: { kind: 'live', pairs: 500, fanOut: true, qos: 1, subscriberQos: 0, inFlight: 100, rate: 0 },
  },
  { name: 'backlog', load: { kind: 'backlog', count: 200_000 } },
  { name: 'narrow', load: { kind: 'narrow', others: 200_000, own: 100 } },
  { name: 'herd', load: { kind: 'herd', sessions: 1_000, messages: 2_000 } },
  { name: 'idle', load: { kind: 'idle', count: 10_000 } },
  among('filters-1k', 1_000),
  among('filters-100k', 100_000),
  among('filters-1m', 1_000_000),
]
