import type { envelope } from '@tern/proto'
import { publishLimits } from './publish-limits.ts'
import { badField } from './refusal.ts'

/** Names what a publisher writes, so that a repetition is stored once (rule 8). */
export type PublisherKey = Readonly<envelope.PublisherKey>

/** Of one item of a request that its caller may repeat; undefined when the caller gave it no id. */
export function requestKey(requestId: string, item: number): PublisherKey | undefined {
  if (requestId === '') return undefined
  checkName('request_id', requestId)
  return { name: `request/${requestId}`, sequence: item + 1 }
}

/** The publisher of a stream; undefined when its sequences mean something on this stream only. */
export function producerName(producerId: string): string | undefined {
  if (producerId === '') return undefined
  checkName('open.producer_id', producerId)
  return `producer/${producerId}`
}

export function checkName(field: string, name: string): void {
  const { nameBytesMax } = publishLimits
  if (Buffer.byteLength(name) > nameBytesMax) {
    throw badField(field, 'TEXT_TOO_LONG', `is longer than ${nameBytesMax} bytes`)
  }
}
