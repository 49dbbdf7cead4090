import { control } from '@tern/proto'
import type { ControlState } from './control-state.ts'
import type { Loss } from './region-events.ts'

/** What a broker said last of the queues it serves, and since when that is so. */
export type ServingSight = Readonly<{ serving: ReadonlySet<number>; servingSince: number }>

export type LostClients = Readonly<{ zone: string; diedAtMs: number; clients: number }>

/** Members that die within so long of one another were lost together. */
const togetherMs = 10_000

/** Losses of which every queue is served again: one event for each zone. `sightOf`: by the broker's incarnation. */
export function recoveries(
  losses: readonly Loss[],
  state: ControlState,
  sightOf: (broker: number) => ServingSight | undefined,
  clients: readonly LostClients[],
): control.Recovered[] {
  const zones = Map.groupBy(losses, ({ zone }) => zone)
  return [...zones].flatMap(([zone, lost]) => {
    const queues = new Set(lost.flatMap((each) => each.queues))
    const servedAt = servedSince([...queues], state, sightOf)
    if (servedAt === undefined) return []
    const diedAtMs = Math.min(...lost.map((each) => each.diedAtMs))
    const gone = clients.filter((each) => each.zone === zone && Math.abs(each.diedAtMs - diedAtMs) <= togetherMs)
    return {
      brokers: lost.map(({ broker }) => broker),
      zone,
      queues: queues.size,
      clients: gone.reduce((sum, each) => sum + each.clients, 0),
      detectionMs: Math.max(...lost.map((each) => each.detectionMs)),
      recoveryMs: Math.max(0, Math.round(servedAt - diedAtMs)),
    }
  })
}

/** When the last of the queues came to be served; undefined: it is not yet. */
function servedSince(
  queues: readonly number[],
  state: ControlState,
  sightOf: (broker: number) => ServingSight | undefined,
): number | undefined {
  let latest = 0
  for (const queue of queues) {
    const route = state.routes.get(queue)
    const owner = route && state.members.get(route.broker)
    const sight = owner?.kind === control.MemberKind.BROKER ? sightOf(owner.incarnation) : undefined
    if (sight === undefined || !sight.serving.has(queue)) return undefined
    latest = Math.max(latest, sight.servingSince)
  }
  return latest
}
