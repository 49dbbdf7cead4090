import type { messaging } from '@tern/proto'
import { messageIdOf } from '@tern/telemetry'
import { timestampOf } from '../../core/api/message.ts'
import type { Looking } from './call.ts'

/** What a publisher is told; `position` is -1 for a repetition whose first copy is not remembered. */
export function receiptOf(
  { queue, position }: Readonly<{ queue: number; position: number }>,
  { clock, traceIds }: Pick<Looking, 'clock' | 'traceIds'>,
): messaging.PublishReceipt {
  const publishTime = timestampOf(clock.now())
  if (position < 0) return { messageId: '', position: undefined, publishTime, traceId: '', deduplicated: true }
  return {
    messageId: messageIdOf(queue, position),
    position: { queue, offset: position },
    publishTime,
    traceId: traceIds.traceIdOf(queue, position),
    deduplicated: false,
  }
}
