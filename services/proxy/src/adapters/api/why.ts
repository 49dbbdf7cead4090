import { scan, traceQuery, traces } from '@tern/proto'
import { envelopeOf, keyText } from '@tern/record'
import type { CallContext } from '@tern/rpc'
import { parseMessageId } from '@tern/telemetry'
import { timestampOf } from '../../core/api/message.ts'
import { badField, Refusal } from '../../core/api/refusal.ts'
import type { KnownDelivery, KnownMessage, WhyFacts, WhyVerdict } from '../../core/why/facts.ts'
import { knownClientOf } from '../../core/why/known-client.ts'
import { why } from '../../core/why/why.ts'
import type { SessionLooks } from '../traces/session-looks.ts'
import type { TraceServices } from '../traces/trace-services.ts'
import { type Looking, patienceFor, unreachable } from './call.ts'

export type WhySources = Readonly<{ looking: Looking; services: TraceServices; sessions: SessionLooks }>

const clientIdBytesMax = 65_535
const { MESSAGE, VOID, PASSED } = scan.RecordVerdict

/** Asks everybody who knows something, and decides. */
export async function answerWhy(
  { messageId, clientId }: traces.WhyRequest,
  sources: WhySources,
  call: CallContext,
): Promise<traces.WhyResponse> {
  const address = parseMessageId(messageId)
  if (address === undefined) {
    throw badField('message_id', 'MESSAGE_ID_INVALID', 'is none; message ids look like 7-1042, queue and position')
  }
  if (clientId === '' || Buffer.byteLength(clientId) > clientIdBytesMax) {
    throw badField('client_id', 'FIELD_INVALID', `has to have 1 to ${clientIdBytesMax} bytes`)
  }
  const { queue, position } = address
  const { looking, sessions } = sources
  const patience = patienceFor(call, looking.clock.now())
  const [record, told, words] = await Promise.all([
    recordOf(messageId, queue, position, looking, patience),
    toldOf(sources, queue, position, clientId, call),
    sessions.look(clientId, patience),
  ])
  const facts: WhyFacts = {
    ...{ messageId, clientId, position, nowMs: looking.clock.now(), ...record },
    client: knownClientOf(words, queue, position),
    deliveries: told?.deliveries.map(knownDeliveryOf) ?? [],
    ledger: told === undefined ? undefined : told.incomplete ? 'incomplete' : 'whole',
  }
  return answerOf(why(facts), told?.spans ?? [])
}

function answerOf({ answer, text, hint, timeMs, filter }: WhyVerdict, spans: traces.Span[]): traces.WhyResponse {
  return {
    ...{ answer: traces.WhyAnswer[answer], text, hint, topicFilter: filter ?? '', deliveries: spans },
    time: timeMs === undefined ? undefined : timestampOf(Math.floor(timeMs)),
  }
}

async function recordOf(
  messageId: string,
  queue: number,
  position: number,
  { scans }: Looking,
  patience: Parameters<Looking['scans']['read']>[2],
): Promise<Pick<WhyFacts, 'verdict' | 'voidReason' | 'message'>> {
  const missing = (why: string) =>
    new Refusal('NOT_FOUND', 'NEVER_STORED', `there is no message ${messageId}: ${why}`, {
      metadata: { message_id: messageId },
    })
  if (queue >= scans.queues) throw missing(`the region has queues 0 to ${scans.queues - 1}`)
  const [found] = (await scans.read(queue, [position], patience)) ?? []
  if (found === undefined) throw unreachable(queue)
  const { verdict, timeMs, body, voidReason } = found
  if (verdict === PASSED) return { verdict: 'passed', message: undefined }
  if (verdict === MESSAGE || verdict === VOID) {
    const message = knownMessageOf(Buffer.from(body), timeMs)
    return verdict === VOID ? { verdict: 'void', voidReason, message } : { verdict: 'message', message }
  }
  throw missing('nothing was stored there yet, or what stands there is a marker of the region')
}

function knownMessageOf(body: Buffer, storedMs: number): KnownMessage | undefined {
  if (body.length === 0) return undefined
  const envelope = envelopeOf(body)
  const seconds = envelope?.messageExpirySeconds
  return {
    topic: keyText(body) ?? '',
    publisherClientId: envelope?.clientId ?? '',
    qos: envelope?.qos ?? 1,
    storedMs,
    expiresAtMs: seconds === undefined ? undefined : storedMs + seconds * 1_000,
  }
}

/** Undefined: no trace service answers; the rest is known all the same. */
async function toldOf(
  { services }: WhySources,
  queue: number,
  position: number,
  clientId: string,
  { signal }: CallContext,
): Promise<traceQuery.ListDeliveriesResponse | undefined> {
  try {
    const asked = traceQuery.QueryServiceService.listDeliveries
    return await services.ask(asked, { queue, position, clientId }, 2_000, signal)
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

const { WRITTEN, ACKED, PENDING, REFUSED, EXPIRED, DROPPED, INTERRUPTED } = traceQuery.DeliveryOutcome
const outcomes: Readonly<Record<number, KnownDelivery['outcome']>> = {
  [WRITTEN]: 'written',
  [ACKED]: 'acked',
  [PENDING]: 'pending',
  [REFUSED]: 'refused',
  [EXPIRED]: 'expired',
  [DROPPED]: 'dropped',
  [INTERRUPTED]: 'interrupted',
}

const knownDeliveryOf = (told: traceQuery.Delivery): KnownDelivery => ({
  ...{ clientId: told.clientId, filter: told.filter, outcome: outcomes[told.outcome] ?? 'waiting' },
  ...{ qos: told.qos, attempt: told.attempt, reasonCode: told.reasonCode, reason: told.reason },
  ...{ startMs: told.startUs / 1_000, endMs: told.endUs / 1_000 },
})
