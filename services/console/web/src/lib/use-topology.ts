import { useEffect, useSyncExternalStore } from 'react'
import type { TopologyJson } from '../gen/tern/v1/cluster_pb.js'
import { ask, call } from './api.ts'
import { liveSocket } from './live-socket.ts'
import { useLive } from './live-switch.tsx'

/** As services/console/src/core/history.ts keeps it. */
export type Sample = Readonly<{
  time: number
  clients: number
  publishes: number
  deliveries: number
  p99: number | null
  oldest: number | null
  zones: readonly Readonly<{ name: string; state: string; clients: number; queues: number; leads: boolean }>[]
}>

type State = Readonly<{
  topology: TopologyJson | undefined
  /** When it came, by this machine's clock. */
  heardAt: number
  samples: readonly Sample[]
}>

const samplesMax = 900
const pollMs = 5_000
const silentMs = 4_000

/** What the region looks like now and did in the last quarter of an hour: one for all pages. */
class TopologyStore {
  #state: State = { topology: undefined, heardAt: 0, samples: [] }
  readonly #listeners = new Set<() => void>()
  #stop: (() => void) | undefined

  readonly read = (): State => this.#state

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  begin(): void {
    if (this.#stop !== undefined) return
    void ask<{ samples: Sample[] }>('history').then(
      ({ samples }) => this.#set({ samples }),
      () => {},
    )
    const stream = liveSocket.subscribe({
      rpc: 'ClusterService/WatchTopology',
      request: () => ({}),
      credit: undefined,
      event: (data) => this.#heard((data as { topology?: TopologyJson }).topology),
      error: () => {},
    })
    // Some networks let no WebSocket through: then the same is asked for every five seconds.
    const poll = setInterval(() => {
      if (liveSocket.state === 'live' || Date.now() - this.#state.heardAt < silentMs) return
      void call<{ topology?: TopologyJson }>('ClusterService/GetTopology', {}).then(
        ({ topology }) => this.#heard(topology),
        () => {},
      )
    }, pollMs)
    this.#stop = () => {
      stream.end()
      clearInterval(poll)
    }
  }

  pause(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  #heard(topology: TopologyJson | undefined): void {
    if (topology === undefined) return
    const { samples } = this.#state
    const sample = sampleOf(topology, Date.now())
    const due = sample.time - (samples.at(-1)?.time ?? 0) >= 900
    this.#set({
      ...{ topology, heardAt: Date.now() },
      samples: due ? [...samples.slice(1 - samplesMax), sample] : samples,
    })
  }

  #set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}

const millisOf = (duration: string | undefined) => (duration === undefined ? null : Number.parseFloat(duration) * 1_000)

function sampleOf({ headline = {}, zones = [] }: TopologyJson, time: number): Sample {
  return {
    time,
    clients: headline.clients ?? 0,
    publishes: Number(headline.publishesPerSecond ?? 0),
    deliveries: Number(headline.deliveriesPerSecond ?? 0),
    p99: millisOf(headline.publishToDeliverP99),
    oldest: millisOf(headline.oldestUnacked),
    zones: zones.map(({ name = '', state = '', members = [] }) => ({
      name,
      state: state.replace('MEMBER_STATE_', '').toLowerCase(),
      clients: members.reduce((sum, member) => sum + (member.connections ?? 0), 0),
      queues: members.reduce((sum, member) => sum + (member.ownedQueues ?? 0), 0),
      leads: members.some((member) => member.leads === true),
    })),
  }
}

export const topologyStore = new TopologyStore()

export function useTopology(): State {
  const { on } = useLive()
  useEffect(() => {
    if (on) topologyStore.begin()
    else topologyStore.pause()
  }, [on])
  return useSyncExternalStore(topologyStore.listen, topologyStore.read)
}

/** The place of a zone among all, which gives it its colour. Unknown ones share the fourth. */
export function useZoneIndex(): (zone: string | undefined) => number {
  const { topology } = useSyncExternalStore(topologyStore.listen, topologyStore.read)
  const names = topology?.zones?.map(({ name }) => name) ?? []
  return (zone) => {
    const index = names.indexOf(zone)
    return index === -1 ? 3 : Math.min(index, 3)
  }
}
