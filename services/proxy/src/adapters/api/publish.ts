import { reasonCode } from '@tern/mqtt'
import type { ApiAuthor } from '../../core/api/published-record.ts'
import type { PublisherKey } from '../../core/api/publisher-key.ts'
import { Refusal } from '../../core/api/refusal.ts'
import type { AppendResult, OutgoingRecord, Region } from '../../ports.ts'
import type { CallContext } from './call.ts'

/** `position` is -1 when the owner does not know it any more: a repetition whose first copy is not remembered. */
export type Published = Readonly<{ queue: number; position: number; repeated?: boolean | undefined }>

/** Publishes what a call of the public API writes, and resolves once it is durable. */
export type Publish = Readonly<{
  author: ApiAuthor
  record(record: OutgoingRecord, key: PublisherKey | undefined, call: CallContext): Promise<Published>
}>

export function publishTo(region: Region, author: ApiAuthor): Publish {
  return {
    author,
    async record(record, key, { signal }) {
      if (key !== undefined) record.envelope.publisher = key
      const queue = region.queueOf(record.topic ?? '')
      if (!region.hasRoom(queue)) await new Promise<void>((resolve) => region.whenRoom(queue, resolve))
      // Whoever has gone publishes nothing more; what was begun is finished.
      signal.throwIfAborted()
      return new Promise((resolve, reject) =>
        region.append(queue, record, (result) => {
          if (result.verdict === 'stored') resolve({ queue, position: result.position, repeated: result.repeated })
          else reject(refusalOf(result))
        }),
      )
    },
  }
}

/** Why an owner did not store it. */
export function refusalOf(result: Exclude<AppendResult, { verdict: 'stored' }>): Refusal {
  const code = result.verdict === 'refused' ? result.reasonCode : reasonCode.unspecifiedError
  if (code === reasonCode.quotaExceeded) {
    return new Refusal(
      'RESOURCE_EXHAUSTED',
      'QUOTA_EXCEEDED',
      'the quota of retained messages of this queue is used up; delete some',
    )
  }
  return new Refusal(
    'UNAVAILABLE',
    'PUBLISH_REFUSED',
    `the region refused the message with MQTT reason code ${code}; try again`,
  )
}
