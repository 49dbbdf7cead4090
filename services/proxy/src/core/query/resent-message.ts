import type { message, messaging } from '@tern/proto'
import { traceparentProperty } from '../api/message.ts'
import { checkTopic } from '../api/published-record.ts'
import { badField } from '../api/refusal.ts'
import { queryLimits } from './limits.ts'

export const resentProperty = 'tern-resent-from'

export function checkResend({ messageIds, topic }: messaging.ResendMessagesRequest): void {
  const { length } = messageIds
  if (length === 0 || length > queryLimits.resendMax) {
    throw badField('message_ids', 'FIELD_INVALID', `has ${length} entries; give 1 to ${queryLimits.resendMax}`)
  }
  if (topic !== '') checkTopic('topic', topic)
}

/** A stored message as it is published again: it begins a trace of its own, or goes on with that of whoever sends it. */
export function resentMessage(
  stored: message.Message,
  { topic, payload }: messaging.ResendMessagesRequest,
  traceparent = '',
): message.Message {
  const replaced = [traceparentProperty, resentProperty]
  return {
    ...stored,
    topic: topic || stored.topic,
    payload: payload ?? stored.payload,
    retain: false,
    traceparent,
    userProperties: [
      ...stored.userProperties.filter(({ name }) => !replaced.includes(name)),
      { name: resentProperty, value: stored.messageId },
    ],
  }
}
