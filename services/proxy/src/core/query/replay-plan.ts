import { message, type messaging, type scan } from '@tern/proto'
import type { Sight } from '../api/message.ts'
import { badField } from '../api/refusal.ts'
import { checkRange, conditionsOf, sightOf, timeOf } from './conditions.ts'
import { decodeCursor } from './places.ts'

/** Where a replay begins. */
export type ReplayStart =
  | Readonly<{ at: 'earliest' }>
  | Readonly<{ at: 'latest' }>
  | Readonly<{ at: 'time'; timeMs: number }>
  | Readonly<{ at: 'cursor'; positions: ReadonlyMap<number, number> }>

export type ReplayPlan = Readonly<{
  conditions: scan.ScanConditions
  start: ReplayStart
  endMs: number | undefined
  follow: boolean
  /** 0: all. */
  samplePerSecond: number
  sight: Sight
}>

/** A request, checked. Throws a Refusal. */
export function replayPlanOf(request: messaging.ReplayMessagesRequest): ReplayPlan {
  const { topicFilter, publisherClientId, userProperties, follow, samplePerSecond } = request
  const start = startOf(request)
  const endMs = timeOf('end_time', request.endTime)
  const fromTimeMs = start.at === 'time' ? start.timeMs : 0
  checkRange(fromTimeMs || undefined, endMs)
  const conditions = {
    ...conditionsOf({ topicFilter, publisherClientId, userProperties }),
    fromTimeMs,
    untilTimeMs: endMs ?? 0,
  }
  return { conditions, start, endMs, follow, samplePerSecond, sight: sightOf(request) }
}

/** A replay has no session that could resume: without a start it begins with the oldest message, or to follow with the next one. */
function startOf({ start, follow }: messaging.ReplayMessagesRequest): ReplayStart {
  const at = start?.at
  switch (at?.$case) {
    case undefined:
      return { at: follow ? 'latest' : 'earliest' }
    case 'time':
      return { at: 'time', timeMs: timeOf('start.time', at.value) ?? 0 }
    case 'cursor':
      return { at: 'cursor', positions: positionsIn(at.value) }
    case 'anchor': {
      const { RESUME, LATEST, EARLIEST } = message.StartPosition_Anchor
      if (at.value === RESUME) {
        throw badField(
          'start.anchor',
          'ANCHOR_INVALID',
          'is RESUME, and a replay keeps no session; give the cursor of an earlier answer',
        )
      }
      if (at.value === LATEST) return { at: 'latest' }
      return { at: at.value === EARLIEST || !follow ? 'earliest' : 'latest' }
    }
  }
}

function positionsIn(cursor: string): ReadonlyMap<number, number> {
  const positions = decodeCursor(cursor)
  if (positions === undefined)
    throw badField('start.cursor', 'CURSOR_INVALID', 'is none that a replay gave; give one as it came')
  return positions
}
