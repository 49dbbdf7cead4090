import { control, type nameserver } from '@tern/proto'
import type { ControlState, Member } from './control-state.ts'
import { causeOfDeath, logSightMin, logSilenceMax, type SeenMember, type Sight } from './liveness.ts'
import { placeOrphans, rebalance, type Wishes } from './placement.ts'

export type Decided = Exclude<NonNullable<control.ControlEvent['event']>, { $case: 'claimed' } | { $case: 'snapshot' }>

export type Sights = Readonly<{
  /** By nonce. */
  own: ReadonlyMap<string, SeenMember>
  peers: readonly Readonly<{
    run: string | undefined
    heardAt: number
    refusedSince: number | undefined
    observations: readonly nameserver.Observation[]
    observedAt: number
  }>[]
  /** Since when this nameserver would have heard a member that spoke to it. */
  listeningSince: number
  /** Members that never spoke to a new leader have as long from here. */
  leadingSince: number
  run: string
  /** Whether this nameserver has had the log for long enough to judge who has not. */
  judgesLogs: boolean
  now: number
}>

/** Everything the leader decides on what it sees now; a batch that goes to the log together. */
export function decisionsOf(
  state: ControlState,
  sights: Sights,
  limits: {
    queues: number
    movesMax: number
    wishes: Wishes
    /** Those wishes that are worth a move. */
    standing: Wishes
  },
): Decided[] {
  if (state.queues === 0) return [{ $case: 'provisioned', value: { queues: limits.queues } }]
  const joined = joins(state, sights)
  const died = deaths(state, sights)
  const able = withoutLogs(state, sights)
  // Placement is decided on the state that these decisions lead to, once it is read back.
  if (joined.length + died.length > 0) return [...died, ...joined, ...replacements(able, died, limits.wishes)]
  const orphans = placeOrphans(able, limits.wishes)
  const moves = orphans.length > 0 ? orphans : rebalance(able, limits.movesMax, limits.standing)
  return moves.map((value) => ({ $case: 'assigned', value }))
}

/**
 * Brokers that live, and say that the log has not answered them for too long, while it answers this nameserver and another broker: by
 * nonce. Nobody when all may only wait for the log to come back.
 */
export function brokersWithoutLog(state: ControlState, { own, judgesLogs, now }: Sights): ReadonlySet<string> {
  const brokers = [...state.members.values()].filter(({ kind }) => kind === control.MemberKind.BROKER)
  const seen = brokers.flatMap(({ nonce }) => own.get(nonce) ?? [])
  const isServed = seen.some(({ connected, logMissedAt }) => connected && now - logMissedAt >= logSightMin)
  if (!judgesLogs || !isServed) return new Set()
  return new Set(seen.filter(({ logSilentMs }) => logSilentMs > logSilenceMax).map(({ hello }) => hello.nonce))
}

/** What they own goes elsewhere, as if they were draining, and comes back later. */
function withoutLogs(state: ControlState, sights: Sights): ControlState {
  const without = brokersWithoutLog(state, sights)
  if (without.size === 0) return state
  const members = [...state.members].map(([incarnation, member]) => {
    return [incarnation, without.has(member.nonce) ? { ...member, draining: true } : member] as const
  })
  return { ...state, members: new Map(members) }
}

function joins(state: ControlState, { own }: Sights): Decided[] {
  return [...own]
    .filter(([nonce, { refused }]) => !state.incarnations.has(nonce) && !refused)
    .map(([nonce, { hello }]) => ({ $case: 'joined', value: { ...hello, nonce } }))
}

type Death = Extract<Decided, { $case: 'died' }>

function deaths(state: ControlState, sights: Sights): Death[] {
  const { peers, now } = sights
  const alivePeers = peers.filter(({ heardAt, refusedSince }) => now - heardAt < 1_000 && refusedSince === undefined)
  const successors = successorsOf(sights)
  return [...state.members.values()].flatMap((member) => {
    const seen = sightsOf(member, sights)
    const succeeded = member.address !== '' && (successors.get(member.address) ?? member.nonce) !== member.nonce
    const reason = succeeded
      ? 'another run serves at its address'
      : causeOfDeath(member, seen, alivePeers.length + 1, now)
    return reason === undefined
      ? []
      : [{ $case: 'died' as const, value: { incarnation: member.incarnation, reason, silentMs: silence(seen, now) } }]
  })
}

const silence = (sights: readonly Sight[], now: number): number =>
  Math.max(0, Math.round(now - Math.max(...sights.map(({ heardAt }) => heardAt))))

/** By address, the run that is connected now: an address belongs to one run at a time, so whoever had it before is gone. */
function successorsOf({ own }: Sights): ReadonlyMap<string, string> {
  return new Map([...own].filter(([, { connected }]) => connected).map(([nonce, { hello }]) => [hello.address, nonce]))
}

function sightsOf(member: Member, { own, peers, listeningSince, leadingSince, run, now }: Sights): Sight[] {
  const mine = own.get(member.nonce)
  const heardAt = Math.max(listeningSince, mine?.heardAt ?? leadingSince)
  const sights: Sight[] = [{ nameserver: run, heardAt, refused: mine?.refused ?? false }]
  for (const peer of peers) {
    const seen = peer.observations.find(({ incarnation }) => incarnation === member.incarnation)
    if (seen === undefined || now - peer.observedAt > 1_000) continue
    sights.push({ nameserver: peer.run ?? '', heardAt: peer.observedAt - seen.silentMs, refused: seen.refused })
  }
  return sights
}

/** The queues of the dead move in the batch that buries them, so that the move costs one append. */
function replacements(state: ControlState, died: readonly Death[], wishes: Wishes): Decided[] {
  const members = new Map(state.members)
  for (const { value } of died) members.delete(value.incarnation)
  return placeOrphans({ ...state, members }, wishes).map((value) => ({ $case: 'assigned', value }))
}

export function drainDecisions(state: ControlState, { zone, broker, draining }: nameserver.DrainRequest): Decided[] {
  return [...state.members.values()]
    .filter((member) => member.kind === control.MemberKind.BROKER && member.draining !== draining)
    .filter((member) => (zone === '' ? member.incarnation === broker : member.zone === zone))
    .map(({ incarnation }) => ({ $case: 'drainChanged', value: { incarnation, draining } }))
}
