import { control } from '@tern/proto'
import type { ControlState, Member } from './control-state.ts'

export type Assignment = Readonly<{ queue: number; broker: number }>

/** In which zone the log's leader of a queue stands: an owner beside it saves the log a journey. Undefined: all are equal. */
export type Wishes = readonly (string | undefined)[]

/** Brokers that may own queues: alive and not draining. If all are draining, all that are alive. */
function candidates({ members }: ControlState): Member[] {
  const brokers = [...members.values()].filter(({ kind }) => kind === control.MemberKind.BROKER)
  const willing = brokers.filter(({ draining }) => !draining)
  return willing.length > 0 ? willing : brokers
}

/** Queues without a living owner, each to the wished zone while that has its share, else to the broker with the fewest: at once. */
export function placeOrphans(state: ControlState, wishes: Wishes = []): Assignment[] {
  const load = loadOf(state, candidates(state))
  const share = Math.ceil(state.queues / load.size)
  const orphans: Assignment[] = []
  for (let queue = 0; queue < state.queues; queue++) {
    const owner = state.routes.get(queue)?.broker
    if (owner !== undefined && state.members.has(owner)) continue
    const wished = leastLoaded(inZone(load, wishes[queue]))
    const broker = wished !== undefined && sizeOf(load, wished) < share ? wished : leastLoaded(load)
    if (broker === undefined) return []
    load.get(broker)?.queues.add(queue)
    orphans.push({ queue, broker })
  }
  return orphans
}

/**
 * At most `movesMax` moves towards balance and away from draining brokers, then towards the wished zones: gradually. None while
 * anything is an orphan.
 */
export function rebalance(state: ControlState, movesMax: number, wishes: Wishes = []): Assignment[] {
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
  return moves.length > 0 ? moves : grantWishes(load, wishes, movesMax)
}

/** Queues that stand elsewhere than wished: moved to who has fewer, or exchanged with one that has no reason to be there. */
function grantWishes(load: Load, wishes: Wishes, movesMax: number): Assignment[] {
  const moves: Assignment[] = []
  const move = (queue: number, from: number, to: number) => {
    load.get(from)?.queues.delete(queue)
    load.get(to)?.queues.add(queue)
    moves.push({ queue, broker: to })
  }
  for (const [queue, wish] of wishes.entries()) {
    const [owner] = [...load].find(([, { queues }]) => queues.has(queue)) ?? []
    const target = leastLoaded(inZone(load, wish))
    if (owner === undefined || target === undefined || load.get(owner)?.zone === wish) continue
    const partner =
      sizeOf(load, target) < sizeOf(load, owner)
        ? undefined
        : [...(load.get(target)?.queues ?? [])].find((other) => wishes[other] !== wish)
    if (partner === undefined && sizeOf(load, target) >= sizeOf(load, owner)) continue
    if (moves.length + (partner === undefined ? 1 : 2) > movesMax) break
    move(queue, owner, target)
    if (partner !== undefined) move(partner, target, owner)
  }
  return moves
}

const inZone = (load: Load, zone: string | undefined): Load =>
  new Map([...load].filter(([, held]) => held.zone === zone))

const sizeOf = (load: Load, broker: number): number => load.get(broker)?.queues.size ?? 0

type Held = Readonly<{ zone: string; queues: Set<number> }>
type Load = ReadonlyMap<number, Held>

function loadOf(state: ControlState, brokers: readonly Member[]): Load {
  const load: Load = new Map(brokers.map(({ incarnation, zone }) => [incarnation, { zone, queues: new Set() }]))
  for (const { queue, broker } of state.routes.values()) load.get(broker)?.queues.add(queue)
  return load
}

/** The fewest queues; among equals in the zone with the fewest, then the longest-lived, so that every nameserver decides alike. */
function leastLoaded(load: Load): number | undefined {
  const ofZone = new Map<string, number>()
  for (const { zone, queues } of load.values()) ofZone.set(zone, (ofZone.get(zone) ?? 0) + queues.size)
  const before = (a: Held, b: Held) =>
    a.queues.size - b.queues.size || (ofZone.get(a.zone) ?? 0) - (ofZone.get(b.zone) ?? 0)
  return first(load, before)
}

const mostLoaded = (load: Load) => first(load, (a, b) => b.queues.size - a.queues.size)

function first(load: Load, compare: (a: Held, b: Held) => number): number | undefined {
  const [best] = [...load].sort(([, a], [, b]) => compare(a, b))
  return best?.[0]
}
