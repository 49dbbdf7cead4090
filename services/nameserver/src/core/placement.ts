import { control } from '@tern/proto'
import type { ControlState, Member } from './control-state.ts'

export type Assignment = Readonly<{ queue: number; broker: number }>

/** Brokers that may own queues: alive and not draining. If all are draining, all that are alive. */
function candidates({ members }: ControlState): Member[] {
  const brokers = [...members.values()].filter(({ kind }) => kind === control.MemberKind.BROKER)
  const willing = brokers.filter(({ draining }) => !draining)
  return willing.length > 0 ? willing : brokers
}

/** Queues without a living owner, each to the broker with the fewest: at once. */
export function placeOrphans(state: ControlState): Assignment[] {
  const load = loadOf(state, candidates(state))
  const orphans: Assignment[] = []
  for (let queue = 0; queue < state.queues; queue++) {
    const owner = state.routes.get(queue)?.broker
    if (owner !== undefined && state.members.has(owner)) continue
    const broker = leastLoaded(load)
    if (broker === undefined) return []
    load.get(broker)?.add(queue)
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
    load.get(target)?.add(queue)
    moves.push({ queue, broker: target })
  }
  while (moves.length < movesMax) {
    const target = leastLoaded(load)
    const source = mostLoaded(load)
    if (target === undefined || source === undefined) break
    const from = load.get(source) ?? new Set()
    const to = load.get(target) ?? new Set()
    if (from.size - to.size < 2) break
    const queue = Math.max(...from)
    from.delete(queue)
    to.add(queue)
    moves.push({ queue, broker: target })
  }
  return moves
}

type Load = Map<number, Set<number>>

function loadOf(state: ControlState, brokers: readonly Member[]): Load {
  const load: Load = new Map(brokers.map(({ incarnation }) => [incarnation, new Set()]))
  for (const { queue, broker } of state.routes.values()) load.get(broker)?.add(queue)
  return load
}

/** The fewest queues; among equals the longest-lived, so that every nameserver decides alike. */
function leastLoaded(load: Load): number | undefined {
  let best: number | undefined
  for (const [broker, queues] of load) {
    if (best === undefined || queues.size < (load.get(best)?.size ?? 0)) best = broker
  }
  return best
}

function mostLoaded(load: Load): number | undefined {
  let best: number | undefined
  for (const [broker, queues] of load) {
    if (best === undefined || queues.size > (load.get(best)?.size ?? 0)) best = broker
  }
  return best
}
