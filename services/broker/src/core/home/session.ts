import type { Decision } from '@tern/event-sourcing'
import type { home } from '@tern/proto'
import {
  type Client,
  type ClientEffect,
  type ClientEvent,
  compareNumbers,
  newestNumber,
  type Session,
} from './client.ts'
import type { ClientCommand } from './commands.ts'
import { hasExpired } from './expiry.ts'
import { reasonCodes } from './limits.ts'
import { buried, holderOf, isOver, isSame, overtake, reported } from './overtaken.ts'
import { endConnectionWill, makeDue, storeWill, willAtTakeover } from './will.ts'

export type ClientDecision = Decision<ClientEvent, ClientEffect>
type Command<Type> = Extract<ClientCommand, { type: Type }>

export const answer = (...effects: ClientEffect[]): ClientDecision => ({ events: [], effects })

/**
 * CONNECT. The connection before has its last word, for a while: of how it ended, by which its will is settled and never overtakes its
 * client's next life (D9), and of how far a session that goes on has come, by which no more is repeated than must be.
 */
export function decideOpen(client: Client, command: Command<'open'>): ClientDecision {
  const { session, will } = client
  const { request, now } = command
  if (isOver(client, command)) return refuseRepeated(client, command)
  if (session !== undefined && session.disconnectedAtMs === undefined && isSame(session, command)) {
    const { connection, incarnation } = session
    return answer({ type: 'opened', connection, present: compareNumbers(connection, incarnation) !== 0 })
  }
  // Of a clean session only the will has come to this home: the connection lives, and will have another number.
  if (will !== undefined && will.dueAtMs === undefined && isSame(will.stored, command))
    return open(client, command, session)
  const goesOn = session !== undefined && mayResume(session, now) && !request.cleanStart
  const fate = willAtTakeover(client, goesOn, now)
  const holder = holderOf(client)
  const live = will !== undefined && will.dueAtMs === undefined
  if (holder !== undefined && (live || goesOn) && command.reportPossible) {
    const { proxy, connection } = holder
    return answer({ type: 'await-report', proxy, connection, patient: live })
  }
  if (fate === 'fires' && will !== undefined) {
    const { events, effects } = makeDue(will, Math.min(will.dueAtMs ?? now, now), now, true)
    return { events: [...overtake(client), ...events], effects }
  }
  if (session === undefined && command.sessionsFull) {
    return answer({ type: 'refused', reasonCode: reasonCodes.quotaExceeded })
  }
  return open(client, command, goesOn ? session : undefined)
}

/** Its proxy will not have a connection to report the end of, should it still stand here. */
function refuseRepeated(client: Client, command: Command<'open'>): ClientDecision {
  const holder = holderOf(client)
  if (holder === undefined || !isSame(holder, command)) return answer({ type: 'superseded' })
  const { events, effects } = endConnection(client, { willApplies: true, cursor: undefined }, command.now)
  return { events, effects: [{ type: 'superseded' }, ...effects] }
}

/** A session that ends with its connection is over when another connection comes. */
function mayResume(session: Session, now: number): boolean {
  return session.expirySeconds > 0 && !hasExpired(session, now)
}

function open(client: Client, command: Command<'open'>, resumed: Session | undefined): ClientDecision {
  const { request, proxy, number, clientId } = command
  const holder = holderOf(client)
  const events: ClientEvent[] = holder !== undefined && isSame(holder, command) ? [] : overtake(client)
  const effects: ClientEffect[] = []
  const old = client.session
  if (old !== undefined && resumed === undefined) events.push({ type: 'session-ended' })
  const session: Session = {
    incarnation: resumed?.incarnation ?? number,
    connection: number,
    expirySeconds: request.expirySeconds,
    subscriptions: resumed?.subscriptions ?? [],
    disconnectedAtMs: undefined,
    proxy,
    attempt: request.attempt,
    principal: request.principal,
    durable: request.expirySeconds > 0 || resumed?.durable === true,
  }
  events.push({ type: 'session-saved', session })
  if (request.will !== undefined) {
    events.push({ type: 'will-stored', will: storeWill(request.will, clientId, number, command) })
  } else if (client.will !== undefined) events.push({ type: 'will-removed' })
  if (old !== undefined && old.disconnectedAtMs === undefined) {
    effects.push({ type: 'push-superseded', proxy: old.proxy, connection: old.connection })
  }
  effects.push({ type: 'opened', connection: number, present: resumed !== undefined })
  return { events, effects }
}

/** The end of a connection, by its proxy's report. Reports are repeated until answered, so an old one is no fault. */
export function decideClose(client: Client, { request, now }: Command<'close'>): ClientDecision {
  const newest = newestNumber(client)
  if (request.connection === undefined) return answer({ type: 'done' })
  const known = reported(client, request.connection)
  if (newest === undefined) return { events: known, effects: [{ type: 'done' }] }
  const order = compareNumbers(request.connection, newest)
  if (order !== 0) return { events: known, effects: [{ type: 'superseded' }] }
  const { events, effects } = endConnection(client, request, now)
  return { events: [...known, ...events], effects: [{ type: 'done' }, ...effects] }
}

type End = Readonly<Pick<home.CloseConnection, 'willApplies' | 'expirySeconds' | 'cursor'>>

function endConnection(client: Client, request: End, now: number): ClientDecision {
  const { session } = client
  const connection = newestNumber(client)
  if (connection === undefined) return answer()
  // Zero at CONNECT cannot be raised by DISCONNECT (MQTT 5, 3.14.2.2.2).
  const asked = session?.expirySeconds === 0 ? undefined : request.expirySeconds
  const expirySeconds = asked ?? session?.expirySeconds ?? 0
  const ended = endConnectionWill(client, connection, request.willApplies, expirySeconds, now)
  if (session === undefined || session.disconnectedAtMs !== undefined) return ended
  if (expirySeconds === 0) return { events: [...ended.events, { type: 'session-ended' }], effects: ended.effects }
  const events: ClientEvent[] = [
    ...ended.events,
    { type: 'session-saved', session: { ...session, expirySeconds, disconnectedAtMs: now } },
  ]
  if (request.cursor !== undefined) events.push({ type: 'cursor-saved', cursor: request.cursor })
  return { events, effects: ended.effects }
}

/**
 * An operator ends the session with all that it holds. Its will is due with it [MQTT5-3.1.3.2.2]; what its connection says afterwards
 * is void, and a CONNECT that is repeated, since its answer was lost, does not bring it back.
 */
export function decideDelete(client: Client, { now }: Command<'delete'>): ClientDecision {
  const { session, will } = client
  if (session === undefined) return answer({ type: 'absent' })
  const { proxy, connection, disconnectedAtMs } = session
  const due = will && makeDue(will, Math.min(will.dueAtMs ?? now, now), now, false)
  const events: ClientEvent[] = [...overtake(client), { type: 'session-ended' }, ...(due?.events ?? [])]
  const effects: ClientEffect[] = disconnectedAtMs === undefined ? [{ type: 'push-deleted', proxy, connection }] : []
  return { events, effects: [...effects, ...(due?.effects ?? []), { type: 'done' }] }
}

export function decideProxyDied(client: Client, { proxy, now }: Command<'proxy-died'>): ClientDecision {
  const { session, will } = client
  const holder = session === undefined ? will?.stored.proxy : session.proxy
  const over = session === undefined ? will?.dueAtMs !== undefined : session.disconnectedAtMs !== undefined
  const forgotten = buried(client, proxy)
  if (holder !== proxy || over) return { events: forgotten, effects: [] }
  const { events, effects } = endConnection(client, { willApplies: true, cursor: undefined }, now)
  return { events: [...forgotten, ...events], effects }
}

/** A live connection told to a new home: sessions that end with their connection are known to their proxies only. */
export function decideAnnounce(client: Client, { request, proxy, ended }: Command<'announce'>): ClientDecision {
  const { connection, session: incarnation, expirySeconds } = request
  if (connection === undefined) return answer({ type: 'refused', reasonCode: reasonCodes.unspecified })
  if (client.overtaken.some((each) => compareNumbers(connection, each.connection) <= 0))
    return answer({ type: 'superseded' })
  const newest = newestNumber(client) ?? ended
  const order = newest === undefined ? 1 : compareNumbers(connection, newest)
  const { session, will } = client
  if (session !== undefined) {
    const current = order === 0 && session.disconnectedAtMs === undefined && session.proxy === proxy
    return answer({ type: current ? 'done' : 'superseded' })
  }
  // A durable session that is not here has ended; a will that is due says that its connection has.
  const willOver = will !== undefined && (will.dueAtMs !== undefined || order !== 0)
  if (expirySeconds > 0 || willOver || order < 0 || (order === 0 && will === undefined)) {
    return answer({ type: 'superseded' })
  }
  const announced: Session = {
    incarnation: incarnation ?? connection,
    connection,
    expirySeconds: 0,
    subscriptions: [],
    disconnectedAtMs: undefined,
    proxy,
    attempt: 0,
    principal: '',
    durable: false,
  }
  return { events: [{ type: 'session-saved', session: announced }], effects: [{ type: 'done' }] }
}

export function decideDue(client: Client, { now }: Command<'due'>): ClientDecision {
  const { session, will } = client
  const events: ClientEvent[] = session !== undefined && hasExpired(session, now) ? [{ type: 'session-ended' }] : []
  const fires = will?.dueAtMs !== undefined && will.dueAtMs <= now
  return { events, effects: fires ? [{ type: 'fire-will', will, again: false }] : [] }
}
