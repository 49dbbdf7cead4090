import { message, type messaging } from '@tern/proto'
import { wholeSight } from '../../core/api/message.ts'
import { publishedRecord } from '../../core/api/published-record.ts'
import { requestKey } from '../../core/api/publisher-key.ts'
import { Refusal } from '../../core/api/refusal.ts'
import { checkResend, resentMessage } from '../../core/query/resent-message.ts'
import type { CallContext, Looking } from './call.ts'
import { failWhenAll, orRefusal, resultOf } from './outcomes.ts'
import type { Publish } from './publish.ts'
import { receiptOf } from './receipt.ts'
import { storedMessage } from './stored-messages.ts'

type Request = messaging.ResendMessagesRequest
type Made = message.Message | Refusal

/** Publishes stored messages again, in the order of their ids; what cannot be is told for each. */
export async function resendMessages(
  request: Request,
  looking: Looking,
  publish: Publish,
  call: CallContext & Readonly<{ traceparent: string | undefined }>,
): Promise<messaging.ResendMessagesResponse> {
  checkResend(request)
  const made = await Promise.all(request.messageIds.map((id) => orRefusal(() => make(id, request, looking, call))))
  failWhenAll(made)
  const { clock } = looking
  const author = publish.author
  const checked = made.map((each) => orThrown(each, (again) => publishedRecord(again, author, clock.now())))
  failWhenAll(checked)
  if (request.validateOnly) {
    const isGood = (_: Made, i: number) => !(checked[i] instanceof Refusal)
    return {
      results: checked.map((each) => resultOf(each)),
      messages: made.filter(isGood).map((each) => shown(each as message.Message)),
    }
  }
  const results: messaging.PublishResult[] = []
  for (const [i, record] of checked.entries()) {
    if (record instanceof Refusal) results.push(resultOf(record))
    else {
      const stored = await orRefusal(() => publish.record(record, requestKey(request.requestId, i), call))
      results.push(
        stored instanceof Refusal
          ? resultOf(stored)
          : { outcome: { $case: 'receipt', value: receiptOf(stored, looking) } },
      )
    }
  }
  return { results, messages: [] }
}

async function make(id: string, request: Request, looking: Looking, call: Parameters<typeof resendMessages>[3]) {
  const stored = await storedMessage('message_ids', id, wholeSight, looking, call)
  return resentMessage(stored, request, call.traceparent)
}

/** What the region will say of it is not said before. */
const shown = (again: message.Message): message.Message =>
  message.Message.create({
    ...again,
    messageId: '',
    position: undefined,
    publishTime: undefined,
    receiveTime: undefined,
    traceId: '',
  })

function orThrown<Item, Result>(item: Item | Refusal, run: (item: Item) => Result): Result | Refusal {
  if (item instanceof Refusal) return item
  try {
    return run(item)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}
