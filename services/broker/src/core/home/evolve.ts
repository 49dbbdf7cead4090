import { state } from '@tern/proto'
import { unreachable } from '@tern/runtime'
import { type Client, type ClientEvent, unknownClient } from './client.ts'

export function evolve(client: Client, event: ClientEvent): Client {
  switch (event.type) {
    case 'session-saved':
      return { ...client, session: event.session }
    case 'session-ended':
      return { ...unknownClient, will: client.will, overtaken: client.overtaken }
    case 'cursor-saved':
      return { ...client, cursor: event.cursor }
    case 'journal-saved':
      return { ...client, journal: journalWith(client.journal, event.entries) }
    case 'will-stored':
      return { ...client, will: event.will }
    case 'will-removed':
      return { ...client, will: undefined }
    case 'overtaken-saved':
      return { ...client, overtaken: event.overtaken }
    default:
      return unreachable(event)
  }
}

/** An entry that reuses a packet id takes the place of its predecessor, which is closed by that (D8). */
function journalWith(journal: Client['journal'], entries: readonly state.JournalEntry[]): Client['journal'] {
  const next = new Map(journal)
  for (const entry of entries) {
    if (entry.phase === state.JournalPhase.DONE) next.delete(entry.packetId)
    else next.set(entry.packetId, entry)
  }
  return next
}
