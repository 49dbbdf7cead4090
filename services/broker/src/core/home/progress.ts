import { state } from '@tern/proto'
import type { Client } from './client.ts'
import { homeLimits } from './limits.ts'

/** The entries that change the journal. A late PUBLISHED does not take back a PUBREC of the same exchange. */
export function journalChanges(
  journal: Client['journal'],
  entries: readonly state.JournalEntry[],
): readonly state.JournalEntry[] | undefined {
  const changes = entries.filter((entry) => {
    const held = journal.get(entry.packetId)
    if (held === undefined) return entry.phase !== state.JournalPhase.DONE
    const same = held.queue === entry.queue && held.position === entry.position && held.group === entry.group
    // The end of an exchange that gave its packet id to another one is no end of that one.
    return same ? entry.phase > held.phase : entry.phase !== state.JournalPhase.DONE
  })
  const ids = new Set(journal.keys())
  for (const { packetId, phase } of changes) {
    if (phase === state.JournalPhase.DONE) ids.delete(packetId)
    else ids.add(packetId)
  }
  return ids.size > homeLimits.journalMax ? undefined : changes
}

export function cursorFits(cursor: state.Cursor): boolean {
  const ranges = cursor.progress.reduce((sum, { settled }) => sum + 1 + settled.length, cursor.inFlight.length)
  return ranges <= homeLimits.cursorRangesMax
}
