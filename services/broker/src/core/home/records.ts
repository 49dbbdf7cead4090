import { state } from '@tern/proto'
import { unreachable } from '@tern/runtime'
import { type Client, type ClientEvent, type Session, unknownClient, type Will } from './client.ts'
import { evolve } from './evolve.ts'

type Entry = NonNullable<state.StateValue['value']>
export type HomeWrite = readonly [key: string, value: Entry | undefined]

/** What an event writes to tern.state; `before`: the client as it was. Sessions that end with their connection write nothing. */
export function writesOf(clientId: string, before: Client, event: ClientEvent): HomeWrite[] {
  switch (event.type) {
    case 'session-saved':
      return event.session.durable ? [[`session/${clientId}`, sessionEntry(clientId, event.session)]] : []
    case 'session-ended':
      return before.session?.durable === true ? sessionTombstones(clientId, before) : []
    case 'cursor-saved':
      return [[`cursor/${clientId}`, { $case: 'cursor', value: event.cursor }]]
    case 'journal-saved':
      return event.entries.map((entry) => [
        `journal/${clientId}/${entry.packetId}`,
        entry.phase === state.JournalPhase.DONE ? undefined : { $case: 'journalEntry', value: entry },
      ])
    case 'will-stored':
      return [[`will/${clientId}`, willEntry(event.will)]]
    case 'will-removed':
      return [[`will/${clientId}`, undefined]]
    case 'overtaken-saved':
      return [[`overtaken/${clientId}`, overtakenEntry(event.overtaken)]]
    default:
      return unreachable(event)
  }
}

function sessionEntry(clientId: string, { durable: _, disconnectedAtMs, ...session }: Session): Entry {
  const value: state.Session = { ...session, subscriptions: [...session.subscriptions], clientId }
  return { $case: 'session', value: disconnectedAtMs === undefined ? value : { ...value, disconnectedAtMs } }
}

/** What an owner that died while it ended the session has left of it: nothing of that may come to the client's next session. */
export function leftovers(clientId: string, client: Client): HomeWrite[] {
  const isLeft = client.session === undefined && (client.journal.size > 0 || client.cursor !== undefined)
  return isLeft ? sessionTombstones(clientId, client) : []
}

/** The session itself first: without it the rest is nobody's, should an owner come no further. */
function sessionTombstones(clientId: string, before: Client): HomeWrite[] {
  const keys = [`session/${clientId}`, ...[...before.journal.keys()].map((id) => `journal/${clientId}/${id}`)]
  if (before.cursor !== undefined) keys.push(`cursor/${clientId}`)
  return keys.map((key) => [key, undefined])
}

function willEntry({ stored, dueAtMs }: Will): Entry {
  return { $case: 'will', value: dueAtMs === undefined ? stored : { ...stored, dueAtMs } }
}

function overtakenEntry(overtaken: Client['overtaken']): Entry | undefined {
  return overtaken.length === 0 ? undefined : { $case: 'overtaken', value: { connects: [...overtaken] } }
}

/** The clients that the records of a state partition tell of. */
export function clientsOf(entries: Iterable<readonly [key: string, value: Entry]>): Map<string, Client> {
  const clients = new Map<string, Client>()
  for (const [key, value] of entries) {
    const told = eventOf(key, value)
    if (told !== undefined) clients.set(told[0], evolve(clients.get(told[0]) ?? unknownClient, told[1]))
  }
  return clients
}

function eventOf(key: string, entry: Entry): readonly [clientId: string, event: ClientEvent] | undefined {
  const rest = key.slice(key.indexOf('/') + 1)
  switch (entry.$case) {
    case 'session': {
      const { incarnation, connection, clientId, disconnectedAtMs, ...session } = entry.value
      if (incarnation === undefined || connection === undefined) return undefined
      const saved = { ...session, incarnation, connection, disconnectedAtMs, durable: true }
      return [clientId, { type: 'session-saved', session: saved }]
    }
    case 'cursor':
      return [rest, { type: 'cursor-saved', cursor: entry.value }]
    case 'journalEntry':
      return [rest.slice(0, rest.lastIndexOf('/')), { type: 'journal-saved', entries: [entry.value] }]
    case 'will': {
      const { connection, dueAtMs } = entry.value
      if (connection === undefined) return undefined
      return [rest, { type: 'will-stored', will: { connection, dueAtMs, stored: entry.value } }]
    }
    case 'overtaken': {
      const overtaken = entry.value.connects.flatMap(({ connection, ...connect }) =>
        connection === undefined ? [] : [{ ...connect, connection }],
      )
      return [rest, { type: 'overtaken-saved', overtaken }]
    }
    default:
      return undefined
  }
}
