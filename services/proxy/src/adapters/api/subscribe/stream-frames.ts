import type { message as contract, messaging } from '@tern/proto'
import { codeOf } from '@tern/rpc'
import type { TraceIds } from '@tern/telemetry'
import { messageOf } from '../../../core/api/message.ts'
import type { Outgoing } from '../../../core/delivery/outgoing.ts'

export type Frame = NonNullable<messaging.SubscribeResponse['frame']>

const shownOnce = new WeakMap<Outgoing, contract.Message>()

/** In the shape of the API: taken apart once for all streams that a message goes to. */
export function shownAs(message: Outgoing, traceIds: Pick<TraceIds, 'traceIdOf'>): contract.Message {
  const known = shownOnce.get(message)
  if (known !== undefined) return known
  const shown = messageOf(message.source, traceIds)
  shownOnce.set(message, shown)
  return shown
}

/** Of the deliveries of a frame. */
export const idsOf = (frame: Frame): string[] =>
  frame.$case === 'deliveries' ? frame.value.deliveries.map(({ ackId }) => ackId) : []

export const lostEntry = (ackId: string): messaging.SubscribeResponse_SettleErrors_Entry => ({
  ackId: ackId.slice(0, 100),
  error: {
    code: codeOf('ABORTED'),
    message: 'LEASE_LOST: it is of an earlier stream, or was delivered again',
    details: [],
  },
})
