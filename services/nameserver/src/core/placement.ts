import { control } from '@tern/proto'
import type { ControlState, Member } from './control-state.ts'

export type Assignment = Readonly<{ queue: number; broker: number }>

/** Brokers that may own queues: alive and not draining. If all are draining, all that are alive. */
function candidates({ members }: ControlState): Member[] {
  const brokers = [...members.values()].filter(({ kind }) => kind === control.MemberKind.BROKER)
  const willing = brokers.filter(({ draining }) => !draining)
  return willing.length > 0 ? willing : brokers
}

/** Queues without a living owner, each to the broker with the fewest, in the zone with the fewest: at once. */
export function placeOrphans(state: ControlState): Assignment[] {
  const load = loadOf(state, candidates(state))
  const orphans: Assignment[] = []
  for (let queue = 0; queue < state.queues; queue++) {
    const owner = state.routes.get(queue)?.broker
    if (owner !== undefined && state.members.has(owner)) continue
    const broker = leastLoaded(load)
    if (broker === undefined) return []
    load.get(broker)?.queues.add(queue)
    orphans.push({ queue, broker })
  }
  return orphans
}

/** At most `movesMax` moves towards balance, and away from draining brokers: gradually. None while anything is an orphan. */
export function rebalance(state: ControlState, movesMax: number): Assignment[] {
  const willing = candidates(state)
  const load = loadOf(state, willing)
  if (load.size === 0 || placeOrphans(state).length > 0) return []
  const moves: Assignment[] = []
  for (const { queue, broker } of state.routes.values()) {
    const target = leastLoaded(load)
    if (moves.length >= movesMax || target === undefined) break
    if (load.has(broker)) continue
    load.get(target)?.queues.add(queue)
    moves.push({ queue, broker: target })
  }
  while (moves.length < movesMax) {
    const target = leastLoaded(load)
    const source = mostLoaded(load)
    if (target === undefined || source === undefined) break
    const from = load.get(source)?.queues ?? new Set()
    const to = load.get(target)?.queues ?? new Set()
    if (from.size - to.size < 2) break
    const queue = Math.max(...from)
    from.delete(queue)
    to.add(queue)
    moves.push({ queue, broker: target })
  }
  return moves
}

type Held = Readonly<{ zone: string; queues: Set<number> }>
type Load = ReadonlyMap<number, Held>

function loadOf(state: ControlState, brokers: readonly Member[]): Load {
  const load: Load = new Map(brokers.map(({ incarnation, zone }) => [incarnation, { zone, queues: new Set() }]))
  for (const { queue, broker } of state.routes.values()) load.get(broker)?.queues.add(queue)
  return load
}

/** The fewest queues; among equals in the zone with the fewest, then the longest-lived, so that every nameserver decides alike. */
function leastLoaded(load: Load): number | undefined {
  const inZone = new Map<string, number>()
  for (const { zone, queues } of load.values()) inZone.set(zone, (inZone.get(zone) ?? 0) + queues.size)
  const before = (a: Held, b: Held) =>
    a.queues.size - b.queues.size || (inZone.get(a.zone) ?? 0) - (inZone.get(b.zone) ?? 0)
  return first(load, before)
}

const mostLoaded = (load: Load) => first(load, (a, b) => b.queues.size - a.queues.size)

function first(load: Load, compare: (a: Held, b: Held) => number): number | undefined {
  const [best] = [...load].sort(([, a], [, b]) => compare(a, b))
  return best?.[0]
}
