import { nameserver } from '@tern/proto'
import { type Watch, watchStream } from '@tern/rpc'
import type { Clock, Millis, Timer } from '@tern/runtime'
import { applyRoutes, emptyRouteTable, type RouteTable } from './route-table.ts'

const retryDelay: Millis = 100
/** Nameservers repeat themselves at least this often; one that says nothing for longer is left for the next. */
const silenceMax: Millis = 1_500

/** Deaths that are remembered, so that each is told once: more than any nameserver tells in one snapshot. */
export const deathsMax = 10_000

/** Opens WatchRoutes at one nameserver. */
export type WatchRoutes = (
  address: string,
  listener: Readonly<{ message(update: nameserver.WatchRoutesResponse): void; over(reason: string): void }>,
) => Watch

const overGrpc: WatchRoutes = (address, listener) =>
  watchStream(address, nameserver.NameserverServiceService.watchRoutes, {}, listener)

export type RouteWatcher = Readonly<{
  /** The newest table known; it goes on being used while no nameserver answers. */
  table(): RouteTable
  onChange(listener: (table: RouteTable) => void): void
  /** Told once for each incarnation whose death becomes known. */
  onDied(listener: (incarnation: number) => void): void
  stop(): void
}>

export function createRouteWatcher(options: {
  addresses: readonly string[]
  clock: Clock
  watch?: WatchRoutes
}): RouteWatcher {
  const { addresses, clock, watch = overGrpc } = options
  const changeListeners: ((table: RouteTable) => void)[] = []
  const deathListeners: ((incarnation: number) => void)[] = []
  const dead = new Set<number>()
  let table = emptyRouteTable
  let turn = 0
  let stopped = false
  let current: Watch | undefined
  let silence: Timer | undefined
  let retry: Timer | undefined

  const listenForNext = (again: () => void) => {
    silence?.cancel()
    silence = clock.after(silenceMax, again)
  }

  const bury = (incarnation: number) => {
    if (dead.has(incarnation)) return
    dead.add(incarnation)
    const [oldest] = dead
    if (dead.size > deathsMax && oldest !== undefined) dead.delete(oldest)
    for (const listener of deathListeners) listener(incarnation)
  }

  const apply = (update: nameserver.WatchRoutesResponse) => {
    const next = applyRoutes(table, update)
    const changed = next !== table && (next.revision !== table.revision || update.snapshot)
    // Nobody leaves but by death, also when so many died since that nobody tells of it any more.
    const gone = table.members().filter(({ incarnation }) => next.member(incarnation) === undefined)
    table = next
    for (const incarnation of update.died) bury(incarnation)
    for (const { incarnation } of gone) bury(incarnation)
    if (changed) for (const listener of changeListeners) listener(table)
  }

  const connect = () => {
    if (stopped) return
    const address = addresses[turn++ % addresses.length]
    if (address === undefined) return
    const again = () => {
      silence?.cancel()
      current?.end()
      retry = clock.after(retryDelay, connect)
    }
    current = watch(address, {
      message(update) {
        listenForNext(again)
        apply(update)
      },
      over: again,
    })
    listenForNext(again)
  }
  connect()

  return {
    table: () => table,
    onChange: (listener) => void changeListeners.push(listener),
    onDied: (listener) => void deathListeners.push(listener),
    stop() {
      stopped = true
      silence?.cancel()
      retry?.cancel()
      current?.end()
    },
  }
}
