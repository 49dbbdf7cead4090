import type { messaging } from '@tern/proto'
import { messageIdOf } from '@tern/telemetry'
import { timestampOf } from '../../core/api/message.ts'
import type { Looking } from './call.ts'
import type { Published } from './publish.ts'

/** What a publisher is told. */
export function receiptOf(
  { queue, position, repeated = false }: Published,
  { clock, traceIds }: Pick<Looking, 'clock' | 'traceIds'>,
): messaging.PublishReceipt {
  const publishTime = timestampOf(clock.now())
  if (position < 0) return { messageId: '', position: undefined, publishTime, traceId: '', deduplicated: true }
  return {
    messageId: messageIdOf(queue, position),
    position: { queue, offset: position },
    publishTime,
    traceId: traceIds.traceIdOf(queue, position),
    deduplicated: repeated,
  }
}
