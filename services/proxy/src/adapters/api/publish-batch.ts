import type { messaging } from '@tern/proto'
import { publishLimits } from '../../core/api/publish-limits.ts'
import { type ApiAuthor, publishedRecord } from '../../core/api/published-record.ts'
import { checkName, requestKey } from '../../core/api/publisher-key.ts'
import { badField, Refusal } from '../../core/api/refusal.ts'
import type { CallContext, Looking } from './call.ts'
import { failWhenAll, orRefusal, resultOf } from './outcomes.ts'
import type { Publish } from './publish.ts'
import { receiptOf } from './receipt.ts'

/** Publishes some messages, and waits for all of them. */
export async function publishBatch(
  { messages, clientId, requestId }: messaging.PublishRequest,
  looking: Looking,
  publish: Publish,
  call: CallContext,
): Promise<messaging.PublishResponse> {
  const { messagesMax } = publishLimits
  if (messages.length === 0 || messages.length > messagesMax) {
    throw badField('messages', 'TOO_MANY_MESSAGES', `has ${messages.length} entries; give 1 to ${messagesMax}`)
  }
  const author = authorOf('client_id', clientId, publish.author)
  const now = looking.clock.now()
  const stored = await Promise.all(
    messages.map((each, i) =>
      orRefusal(async () => {
        const record = publishedRecord(each, author, now, `messages[${i}]`)
        const receipt = await publish.record(record, requestKey(requestId, i), call)
        return receiptOf(receipt, looking)
      }),
    ),
  )
  failWhenAll(stored)
  return {
    results: stored.map((each) =>
      each instanceof Refusal ? resultOf(each) : { outcome: { $case: 'receipt', value: each } },
    ),
  }
}

/** Who publishes: whom the caller names, or the one that stands for all who name nobody. */
export function authorOf(field: string, clientId: string, anonymous: ApiAuthor): ApiAuthor {
  checkName(field, clientId)
  return clientId === '' ? anonymous : { ...anonymous, clientId }
}
