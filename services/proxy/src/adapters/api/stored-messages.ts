import type { ReasonName } from '@tern/api'
import { type message, type messaging, scan } from '@tern/proto'
import { parseMessageId } from '@tern/telemetry'
import { messageOf, type Sight } from '../../core/api/message.ts'
import { badField, Refusal } from '../../core/api/refusal.ts'
import { voidReasonOf } from '../../core/api/void-reason.ts'
import type { Message } from '../../ports.ts'
import { type CallContext, type Looking, patienceFor, unreachable } from './call.ts'

/** One message by its id. */
export async function getMessage(
  { messageId, view }: messaging.GetMessageRequest,
  looking: Looking,
  call: CallContext,
): Promise<messaging.GetMessageResponse> {
  return { message: await storedMessage('message_id', messageId, { view, payloadPreviewBytes: 0 }, looking, call) }
}

export async function storedMessage(
  field: string,
  messageId: string,
  sight: Sight,
  looking: Looking,
  call: CallContext,
): Promise<message.Message> {
  return messageOf(await storedRecord(field, messageId, looking, call), looking.traceIds, sight)
}

/** Throws a Refusal that says why there is no such message. */
export async function storedRecord(
  field: string,
  messageId: string,
  { scans, clock }: Looking,
  call: CallContext,
): Promise<Message> {
  const address = parseMessageId(messageId)
  if (address === undefined) {
    const shown = messageId.length > 40 ? 'is none' : `"${messageId}" is none`
    throw badField(field, 'MESSAGE_ID_INVALID', `${shown}; message ids look like 7-1042, queue and position`)
  }
  const { queue, position } = address
  if (queue >= scans.queues) throw missing('NEVER_STORED', messageId, `the region has queues 0 to ${scans.queues - 1}`)
  const records = await scans.read(queue, [position], patienceFor(call, clock.now()))
  if (records === undefined) throw unreachable(queue)
  const { verdict = scan.RecordVerdict.UNSPECIFIED, timeMs = 0, body = new Uint8Array(), voidReason } = records[0] ?? {}
  switch (verdict) {
    case scan.RecordVerdict.MESSAGE:
      return { queue, position, timeMs, body: Buffer.from(body) }
    case scan.RecordVerdict.VOID: {
      const { word, text } = voidReasonOf(voidReason)
      throw missing('MESSAGE_VOID', messageId, text, { void_reason: word })
    }
    case scan.RecordVerdict.NO_MESSAGE:
      throw missing('NO_MESSAGE', messageId, 'what stands there is a marker of the region')
    case scan.RecordVerdict.PASSED:
      throw missing('MESSAGE_NOT_KEPT', messageId, 'retention has passed it')
    case scan.RecordVerdict.FUTURE:
    case scan.RecordVerdict.UNSPECIFIED:
      throw missing('NEVER_STORED', messageId, 'nothing was stored there yet')
  }
}

const missing = (reason: ReasonName, messageId: string, why: string, more: Record<string, string> = {}): Refusal =>
  new Refusal('NOT_FOUND', reason, `there is no message ${messageId}: ${why}`, {
    metadata: { message_id: messageId, ...more },
  })
