import { control } from '@tern/proto'
import type { ControlState, Leader, Member } from './control-state.ts'

/** A snapshot to be appended right behind what the state covers. */
export function snapshotOf(state: ControlState, { term, nameserver, zone }: Leader): control.ControlSnapshot {
  const nonces = new Map([...state.incarnations].map(([nonce, incarnation]) => [incarnation, nonce]))
  return {
    through: state.through,
    leader: { term, nameserver, zone },
    queues: state.queues,
    members: [...state.members.values()].map(({ incarnation, draining, kind, nonce, zone: at, address, detail }) => ({
      incarnation,
      joined: { kind, nonce, zone: at, address, detail },
      draining,
    })),
    dead: [...state.dead].map((incarnation) => ({ incarnation, nonce: nonces.get(incarnation) ?? '' })),
    routes: [...state.routes.values()],
  }
}

/** The state of one who begins with the record at `offset`: nothing before it is left to read. */
export function stateFrom(snapshot: control.ControlSnapshot, offset: number, claim: number): ControlState {
  const members = snapshot.members.map(
    ({ incarnation, joined, draining }): Member => ({
      incarnation,
      ...(joined ?? control.Joined.fromPartial({})),
      draining,
    }),
  )
  const known = [...members, ...snapshot.dead].sort((a, b) => a.incarnation - b.incarnation)
  return {
    through: offset,
    queues: snapshot.queues,
    leader: snapshot.leader && { ...snapshot.leader, claim },
    members: new Map(members.map((member) => [member.incarnation, member])),
    incarnations: new Map(known.map(({ nonce, incarnation }) => [nonce, incarnation])),
    dead: new Set(snapshot.dead.map(({ incarnation }) => incarnation)),
    routes: new Map(snapshot.routes.map((route) => [route.queue, route])),
    snapshots: { newest: offset, older: undefined },
  }
}

/**
 * Whether the snapshot, found right behind the state, says what the state says. One before which a record slipped in, of a
 * leader that lost, or of a fold that went wrong, does not, and nothing is ever trimmed for it.
 */
export function says(snapshot: control.ControlSnapshot, claim: number, state: ControlState): boolean {
  const { leader } = state
  if (leader === undefined || claim !== leader.claim) return false
  const told = control.ControlSnapshot.encode(snapshot).finish()
  const right = control.ControlSnapshot.encode(snapshotOf(state, leader)).finish()
  return told.length === right.length && told.every((byte, at) => byte === right[at])
}
