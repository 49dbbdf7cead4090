import type { Log } from '@tern/log'
import { control } from '@tern/proto'
import { batches, encodeBatch, encodeBody, readBody } from '@tern/record'
import type { Logger } from '@tern/runtime'
import { applyControl } from '../core/apply-control.ts'
import { type ControlState, noControlState } from '../core/control-state.ts'
import { RegionEvents } from '../core/region-events.ts'

const topic = 'tern.control'

export type ControlLog = Readonly<{
  state(): ControlState
  /** What the records say to people. */
  events: RegionEvents
  /** Resolves when the fold has reached the end that the log had when this was called; rejects when it cannot. */
  caughtUp(): Promise<void>
  /** Appends all or none, in one batch. Rejects when the log refuses or does not say; the fold tells in the end. */
  append(events: readonly control.ControlEvent[]): Promise<void>
  /** Forgets what is below the offset. */
  trim(before: number): Promise<void>
  /** In which zone the log's leader of each queue stands, where the log has zones. */
  leaderZones(): readonly (string | undefined)[]
  onChange(listener: (state: ControlState) => void): void
  stop(): void
}>

type Waiter = Readonly<{ through: number; resolve: () => void; reject: (reason: Error) => void }>

/** Folds tern.control from its start and follows it. */
export async function openControlLog(log: Log, logger: Logger): Promise<ControlLog> {
  const listeners: ((state: ControlState) => void)[] = []
  const events = new RegionEvents()
  let waiting: Waiter[] = []
  let state = noControlState
  let hole: Error | undefined

  const take = (offset: number, timeMs: number, body: Buffer) => {
    if (offset <= state.through) return
    const event = eventOf(body, offset, logger)
    const next = applyControl(state, offset, event)
    if (next === undefined) {
      hole ??= new Error(
        `tern.control lacks its records from ${state.through + 1} to ${offset - 1} and a snapshot of them`,
      )
      return
    }
    hole = undefined
    events.take(offset, timeMs, event, state, next)
    state = next
    if (event.event?.$case === 'snapshot' && state.snapshots.newest !== offset)
      logger.warn('a snapshot of tern.control is void', { offset })
  }
  const settle = () => {
    const settled = waiting.filter(({ through }) => hole !== undefined || through <= state.through)
    waiting = waiting.filter((waiter) => !settled.includes(waiter))
    for (const { resolve, reject } of settled) hole === undefined ? resolve() : reject(hole)
  }
  const [range] = await log.offsets(topic, [0])
  const tail = log.tail(topic, 0, range?.start ?? 0, (bytes) => {
    for (const batch of batches(bytes)) {
      for (const { offset, body } of batch.records()) take(offset, batch.appendTimeMs, body)
    }
    if (hole === undefined) for (const listener of listeners) listener(state)
    else logger.error(hole.message)
    settle()
  })

  return {
    state: () => state,
    events,
    async caughtUp() {
      const [{ end } = { end: 0 }] = await log.offsets(topic, [0])
      if (hole !== undefined) throw hole
      if (state.through >= end - 1) return
      await new Promise<void>((resolve, reject) => waiting.push({ through: end - 1, resolve, reject }))
    },
    async append(events) {
      const bodies = events.map((event) =>
        encodeBody(Buffer.from(keyOf(event)), control.ControlEvent.encode(event).finish(), []),
      )
      await log.append(topic, 0, encodeBatch(bodies))
    },
    trim: (before) => log.trim(topic, 0, before),
    leaderZones: () => log.leaderZones?.('tern.messages') ?? [],
    onChange: (listener) => void listeners.push(listener),
    stop: () => tail.cancel(),
  }
}

/** A record that is no event is counted as one that says nothing: it must never stop the fold. */
function eventOf(body: Buffer, offset: number, logger: Logger): control.ControlEvent {
  try {
    return control.ControlEvent.decode(readBody(body, 0, body.length).value ?? new Uint8Array())
  } catch (error) {
    logger.warn('a record of tern.control is no event and is skipped', { offset, error: String(error) })
    return { claim: 0, event: undefined }
  }
}

function keyOf({ event }: control.ControlEvent): string {
  switch (event?.$case) {
    case 'assigned':
      return `assigned/${event.value.queue}`
    case 'joined':
      return `member/${event.value.nonce}`
    case 'died':
    case 'drainChanged':
      return `member/${event.value.incarnation}`
    default:
      return event?.$case ?? 'nothing'
  }
}
