import { messaging } from '@tern/proto'
import type { CallContext } from '@tern/rpc'
import { badField } from '../../../core/api/refusal.ts'
import { streamLimits } from '../../../core/stream/limits.ts'
import { ackDeadlineOf, millisOf, type StreamPlan, streamPlanOf } from '../../../core/stream/open-request.ts'
import type { Context } from '../../connection/context.ts'
import type { Looking } from '../call.ts'
import { openOf } from '../first-frame.ts'
import { deadLetter } from './dead-letter.ts'
import { openStream } from './open-stream.ts'
import type { StreamConnection } from './stream-connection.ts'

type Request = messaging.SubscribeRequest
type Response = messaging.SubscribeResponse

/** What subscribing stands on. `where`: names of this proxy and of its zone. */
export type SubscribePorts = Readonly<{
  context: Context
  looking: Looking
  where: Readonly<{ proxy: string; zone: string }>
}>

/** One subscriber's stream, from its open to its end. */
export async function* subscribe(
  requests: AsyncIterable<Request>,
  ports: SubscribePorts,
  call: CallContext,
): AsyncGenerator<Response> {
  const frames = requests[Symbol.asyncIterator]()
  const plan = streamPlanOf(await openOf<messaging.SubscribeRequest_Open>(frames))
  const { connection, resumed, outcomes } = await openStream(plan, ports.context, ports.looking, call)
  const gone = () => connection.left(false)
  const moving = () => {
    connection.push(movingTo(ports.where.zone))
    ports.context.clock.after(streamLimits.movingGraceMs, () => connection.stops())
  }
  call.signal.addEventListener('abort', gone, { once: true })
  call.draining.addEventListener('abort', moving, { once: true })
  try {
    yield { frame: { $case: 'opened', value: openedAs(connection, plan, { resumed, outcomes }, ports) } }
    let failed: unknown
    // Who acknowledges by itself has to say nothing more: one line of a shell can listen.
    const saidAll = () => {
      if (!plan.isAutomatic) gone()
    }
    read(frames, connection, ports).then(saidAll, (error: unknown) => {
      failed = error
      gone()
    })
    while (!connection.isClosed && !connection.isDrained) {
      for (const frame of connection.take()) yield { frame }
      await connection.more()
    }
    for (const frame of connection.take()) yield { frame }
    const why = failed ?? connection.ending
    if (why !== undefined) throw why
  } finally {
    call.signal.removeEventListener('abort', gone)
    call.draining.removeEventListener('abort', moving)
    gone()
  }
}

function openedAs(
  { clientId }: StreamConnection,
  { ackDeadlineMs }: StreamPlan,
  opened: Pick<messaging.SubscribeResponse_Opened, 'resumed' | 'outcomes'>,
  { where }: SubscribePorts,
): messaging.SubscribeResponse_Opened {
  const { heartbeatMs } = streamLimits
  return {
    ...{ ...opened, ...where, subscriberId: clientId },
    ackDeadline: { seconds: Math.floor(ackDeadlineMs / 1_000), nanos: Math.round((ackDeadlineMs % 1_000) * 1e6) },
    heartbeatInterval: { seconds: heartbeatMs / 1_000, nanos: 0 },
  }
}

const movingTo = (zone: string): NonNullable<Response['frame']> => ({
  $case: 'moving',
  value: { zone, grace: { seconds: streamLimits.movingGraceMs / 1_000, nanos: 0 } },
})

/** What the subscriber says after its open, until it says no more. */
async function read(frames: AsyncIterator<Request>, connection: StreamConnection, ports: SubscribePorts) {
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    const { frame } = next.value
    await connection.whenRead()
    switch (frame?.$case) {
      case 'ack':
        connection.ack(checkedAckIds(frame.value.ackIds))
        break
      case 'nack':
        await nack(frame.value, connection, ports)
        break
      case 'extendDeadline': {
        const { ackIds, ackDeadline } = frame.value
        connection.extend(checkedAckIds(ackIds), ackDeadlineOf('extend_deadline.ack_deadline', ackDeadline))
        break
      }
      case 'credit':
        connection.moreCredit(frame.value.messages)
        break
      case 'drain':
        connection.drain()
        break
      default:
        throw badField('frame', 'STREAM_NOT_OPENED', 'is a second open, or empty')
    }
  }
}

/** Deliveries that are not to count as settled by an acknowledgement. */
export async function nack(
  { ackIds, action, delay, reason }: messaging.SubscribeRequest_Nack,
  connection: StreamConnection,
  ports: SubscribePorts,
): Promise<void> {
  const ids = checkedAckIds(ackIds)
  if (action === messaging.NackAction.SKIP) connection.ack(ids)
  else if (action === messaging.NackAction.DEAD_LETTER) {
    await Promise.all(ids.map((ackId) => deadLetter(ackId, reason, connection, ports)))
  } else connection.retry(ids, nackDelayOf(delay))
}

/** In milliseconds. Throws a Refusal. */
export function nackDelayOf(delay: messaging.SubscribeRequest_Nack['delay']): number {
  const millis = millisOf(delay, 0)
  const { nackDelayMsMax } = streamLimits
  if (millis >= 0 && millis <= nackDelayMsMax) return millis
  throw badField('nack.delay', 'SUBSCRIPTION_INVALID', `is ${millis} ms; give at most ${nackDelayMsMax / 60_000} min`)
}

export function checkedAckIds(ackIds: readonly string[]): readonly string[] {
  const { ackIdsMax } = streamLimits
  if (ackIds.length <= ackIdsMax) return ackIds
  throw badField('ack_ids', 'SUBSCRIPTION_INVALID', `has ${ackIds.length} entries; give at most ${ackIdsMax}`)
}
