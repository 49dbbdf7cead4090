import { state } from '@tern/proto'
import type { InFlight } from './in-flight.ts'
import { journalOf } from './outbound-journal.ts'
import type { QueueCursor } from './queue-cursor.ts'

/** Low-water marks, settled ranges, and QoS 1 packets in flight (D7). `takenOf`: everything below has been taken by the session. */
export function cursorOf(
  window: Iterable<InFlight>,
  queues: Iterable<QueueCursor>,
  takenOf: (cursor: QueueCursor) => number,
): state.Cursor {
  const positions = new Map<number, number[]>()
  const inFlight: state.JournalEntry[] = []
  for (const entry of window) {
    // A record of a group is the group's to remember.
    if (entry.lease !== undefined) continue
    if (entry.qos === 1) inFlight.push(journalOf(entry))
    if (entry.retained || entry.phase === released) continue
    const list = positions.get(entry.queue)
    if (list) list.push(entry.position)
    else positions.set(entry.queue, [entry.position])
  }
  const progress = [...queues].map((cursor) => {
    const inQueue = (positions.get(cursor.queue) ?? []).sort((a, b) => a - b)
    return cursor.progress(takenOf(cursor), inQueue)
  })
  return { progress, inFlight }
}

const released = state.JournalPhase.RELEASED

/** Whether the position is behind a cursor. */
export function covers(progress: state.QueueProgress | undefined, position: number): boolean {
  if (progress === undefined) return false
  return position <= progress.low || progress.settled.some(({ first, last }) => first <= position && position <= last)
}
