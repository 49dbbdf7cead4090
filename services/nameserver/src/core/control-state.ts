import type { control } from '@tern/proto'

export type Member = Readonly<{
  incarnation: number
  kind: control.MemberKind
  nonce: string
  zone: string
  address: string
  draining: boolean
}>

export type Route = Readonly<{ queue: number; epoch: number; broker: number }>

/** The newest valid claim: who leads. */
export type Leader = Readonly<{ term: number; claim: number; nameserver: string; zone: string }>

/** What tern.control says up to `through`: the fold of its records in log order. */
export type ControlState = Readonly<{
  through: number
  queues: number
  leader: Leader | undefined
  members: ReadonlyMap<number, Member>
  incarnations: ReadonlyMap<string, number>
  /** Incarnations recorded dead, oldest first. */
  dead: ReadonlySet<number>
  routes: ReadonlyMap<number, Route>
}>

export const noControlState: ControlState = {
  through: -1,
  queues: 0,
  leader: undefined,
  members: new Map(),
  incarnations: new Map(),
  dead: new Set(),
  routes: new Map(),
}

/** Deaths that are remembered for those who ask late. */
export const deathsMax = 1_000

/**
 * Takes the record at `offset`. A claim counts when its term is the highest so far: the first of a term wins. A decision
 * counts only under the newest claim: log order is the consensus, and the decisions of a leader that lost are void.
 */
export function applyControl(
  state: ControlState,
  offset: number,
  { claim, event }: control.ControlEvent,
): ControlState {
  const next = { ...state, through: offset }
  if (event === undefined) return next
  if (event.$case === 'claimed') {
    const { term, nameserver, zone } = event.value
    if (term <= (state.leader?.term ?? 0)) return next
    return { ...next, leader: { term, claim: offset, nameserver, zone } }
  }
  if (event.$case === 'provisioned') return state.queues > 0 ? next : { ...next, queues: event.value.queues }
  if (claim !== state.leader?.claim) return next
  return applyDecision(next, offset, event)
}

type Decided = Exclude<NonNullable<control.ControlEvent['event']>, { $case: 'claimed' } | { $case: 'provisioned' }>

function applyDecision(state: ControlState, offset: number, event: Decided): ControlState {
  switch (event.$case) {
    case 'joined':
      return join(state, { ...event.value, incarnation: offset, draining: false })
    case 'died':
      return bury(state, event.value.incarnation)
    case 'assigned':
      // Void when the broker's death stands before it.
      if (!state.members.has(event.value.broker)) return state
      return { ...state, routes: new Map(state.routes).set(event.value.queue, { ...event.value, epoch: offset }) }
    case 'drainChanged': {
      const member = state.members.get(event.value.incarnation)
      if (member === undefined) return state
      return {
        ...state,
        members: new Map(state.members).set(member.incarnation, { ...member, draining: event.value.draining }),
      }
    }
  }
}

function join(state: ControlState, member: Member): ControlState {
  // A nonce joins once: two leaders may both have seen its Hello.
  if (state.incarnations.has(member.nonce)) return state
  return {
    ...state,
    members: new Map(state.members).set(member.incarnation, member),
    incarnations: new Map(state.incarnations).set(member.nonce, member.incarnation),
  }
}

function bury(state: ControlState, incarnation: number): ControlState {
  const member = state.members.get(incarnation)
  if (member === undefined) return state
  const members = new Map(state.members)
  members.delete(incarnation)
  const incarnations = new Map(state.incarnations)
  const dead = new Set(state.dead).add(incarnation)
  if (dead.size > deathsMax) {
    const [oldest] = dead
    if (oldest !== undefined) dead.delete(oldest)
  }
  return { ...state, members, incarnations, dead }
}
