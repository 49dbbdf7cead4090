import { control } from '@tern/proto'
import type { ControlState, Member } from './control-state.ts'
import { says, stateFrom } from './snapshot.ts'

/** Deaths that are remembered for those who ask late. */
export const deathsMax = 1_000

/**
 * Takes the record at `offset`. A claim counts when its term is the highest so far: the first of a term wins. A decision
 * counts only under the newest claim: log order is the consensus, and the decisions of a leader that lost are void.
 * Undefined when records are missing before it: only a snapshot can be begun with.
 */
export function applyControl(
  state: ControlState,
  offset: number,
  { claim, event }: control.ControlEvent,
): ControlState | undefined {
  if (offset !== state.through + 1) {
    return event?.$case === 'snapshot' ? stateFrom(event.value, offset, claim) : undefined
  }
  const next = { ...state, through: offset }
  if (event === undefined) return next
  if (event.$case === 'claimed') {
    const { term, nameserver, zone } = event.value
    if (term <= (state.leader?.term ?? 0)) return next
    return { ...next, leader: { term, claim: offset, nameserver, zone } }
  }
  if (event.$case === 'provisioned') return state.queues > 0 ? next : { ...next, queues: event.value.queues }
  if (event.$case === 'snapshot') {
    if (!says(event.value, claim, state)) return next
    return { ...next, snapshots: { newest: offset, older: state.snapshots.newest } }
  }
  if (claim !== state.leader?.claim) return next
  return applyDecision(next, offset, event)
}

type Decided = Exclude<
  NonNullable<control.ControlEvent['event']>,
  { $case: 'claimed' } | { $case: 'provisioned' } | { $case: 'snapshot' }
>

function applyDecision(state: ControlState, offset: number, event: Decided): ControlState {
  switch (event.$case) {
    case 'joined':
      return join(state, { ...event.value, incarnation: offset, draining: false })
    case 'died':
      return bury(state, event.value.incarnation)
    case 'assigned': {
      const { queue, broker } = event.value
      // Void when the broker's death stands before it; it is made again.
      if (state.members.get(broker)?.kind !== control.MemberKind.BROKER || queue >= state.queues) return state
      return { ...state, routes: new Map(state.routes).set(queue, { queue, broker, epoch: offset }) }
    }
    case 'recovered':
      return state
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
  const dead = new Set(state.dead).add(incarnation)
  return forgetOldest({ ...state, members, dead })
}

/** Those who never come back need not be known for ever. */
function forgetOldest(state: ControlState): ControlState {
  const [oldest] = state.dead
  if (state.dead.size <= deathsMax || oldest === undefined) return state
  const dead = new Set(state.dead)
  dead.delete(oldest)
  const incarnations = new Map([...state.incarnations].filter(([, incarnation]) => incarnation !== oldest))
  return { ...state, dead, incarnations }
}
