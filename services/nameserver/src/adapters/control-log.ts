import type { Log } from '@tern/log'
import { control } from '@tern/proto'
import { batches, encodeBatch, encodeBody, readBody } from '@tern/record'
import type { Logger } from '@tern/runtime'
import { applyControl, type ControlState, noControlState } from '../core/control-state.ts'

const topic = 'tern.control'

export type ControlLog = Readonly<{
  state(): ControlState
  /** Resolves when the fold has reached the end that the log had when this was called. */
  caughtUp(): Promise<void>
  /** Appends all or none, in one batch. Rejects when the log refuses or does not say; the fold tells in the end. */
  append(events: readonly control.ControlEvent[]): Promise<void>
  onChange(listener: (state: ControlState) => void): void
  stop(): void
}>

/** Folds tern.control from its start and follows it. */
export async function openControlLog(log: Log, logger: Logger): Promise<ControlLog> {
  const listeners: ((state: ControlState) => void)[] = []
  const waiting: { through: number; resolve: () => void }[] = []
  let state = noControlState

  const [range] = await log.offsets(topic, [0])
  const tail = log.tail(topic, 0, range?.start ?? 0, (bytes) => {
    for (const batch of batches(bytes)) {
      for (const { offset, body } of batch.records()) {
        if (offset > state.through) state = applyControl(state, offset, eventOf(body, offset, logger))
      }
    }
    for (const listener of listeners) listener(state)
    for (const waiter of waiting.splice(0)) {
      if (waiter.through <= state.through) waiter.resolve()
      else waiting.push(waiter)
    }
  })

  return {
    state: () => state,
    async caughtUp() {
      const [{ end } = { end: 0 }] = await log.offsets(topic, [0])
      if (state.through < end - 1) await new Promise<void>((resolve) => waiting.push({ through: end - 1, resolve }))
    },
    async append(events) {
      const bodies = events.map((event) =>
        encodeBody(Buffer.from(keyOf(event)), control.ControlEvent.encode(event).finish(), []),
      )
      await log.append(topic, 0, encodeBatch(bodies))
    },
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
