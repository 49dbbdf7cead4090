import { type clients, message, type state } from '@tern/proto'
import { timestamp } from './admin-context.ts'

/** A will as its client will be said to have published it. */
export const willOf = ({ topic, payload, delaySeconds, envelope }: state.StoredWill): clients.Will => ({
  message: message.Message.fromPartial({
    topic,
    payload,
    qos: ((envelope?.qos ?? 0) + 1) as 1 | 2 | 3,
    retain: envelope?.retain ?? false,
  }),
  delay: timestamp(delaySeconds * 1_000),
})
