import { message } from '@tern/proto'
import { durationOf } from './time.ts'

/** Bytes and text go as they are, everything else as JSON. */
export type Payload = Uint8Array | string | object | number | boolean | null

export type PublishOptions = Readonly<{
  qos?: 0 | 1 | 2
  retain?: boolean
  contentType?: string
  responseTopic?: string
  correlationData?: Uint8Array
  expiryMs?: number
  userProperties?: readonly message.UserProperty[]
}>

const { AT_MOST_ONCE, AT_LEAST_ONCE, EXACTLY_ONCE } = message.QualityOfService
const levels = [AT_MOST_ONCE, AT_LEAST_ONCE, EXACTLY_ONCE] as const

export function toMessage(
  topic: string,
  payload: Payload,
  options: PublishOptions,
  traceparent: string | undefined,
): message.Message {
  const plain = typeof payload === 'string' || payload instanceof Uint8Array
  const bytes = bytesOf(payload)
  const { qos = 1, retain = false, contentType = plain ? '' : 'application/json', responseTopic = '' } = options
  return message.Message.fromPartial({
    ...{ topic, payload: bytes as Buffer, qos: levels[qos], retain, contentType, responseTopic },
    traceparent: traceparent ?? '',
    userProperties: [...(options.userProperties ?? [])],
    ...(options.correlationData && { correlationData: options.correlationData as Buffer }),
    ...(options.expiryMs !== undefined && { expiry: durationOf(options.expiryMs) }),
  })
}

const encoder = new TextEncoder()

function bytesOf(payload: Payload): Uint8Array {
  if (payload instanceof Uint8Array) return payload
  return encoder.encode(typeof payload === 'string' ? payload : JSON.stringify(payload))
}
