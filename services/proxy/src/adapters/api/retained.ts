import { message, type retained, type scan } from '@tern/proto'
import { envelopeOf, keyText, readBody, unpack } from '@tern/record'
import { messageOf, wholeSight } from '../../core/api/message.ts'
import { checkTopic, publishedRecord } from '../../core/api/published-record.ts'
import { requestKey } from '../../core/api/publisher-key.ts'
import { badField, Refusal } from '../../core/api/refusal.ts'
import { checkFilter, pageSizeOf, sightOf } from '../../core/query/conditions.ts'
import { queryLimits } from '../../core/query/limits.ts'
import type { Message } from '../../ports.ts'
import type { Patience } from '../region/scans.ts'
import { type CallContext, type Looking, patienceFor, unreachable } from './call.ts'
import type { Publish } from './publish.ts'
import { receiptOf } from './receipt.ts'

/** Topics that one call deletes. */
export const deleteMax = 10_000
const deletePageSize = 1_000

type Page = Readonly<{ records: readonly Message[]; next: string; silent: readonly number[] }>

/** A page of the retained messages of all queues, in the byte order of their topics. */
export async function listRetained(
  request: retained.ListRetainedRequest,
  looking: Looking,
  call: CallContext,
): Promise<retained.ListRetainedResponse> {
  const { topicFilter, pageToken } = request
  checkFilter('topic_filter', topicFilter)
  const size = pageSizeOf(request.pageSize)
  const question = `retained ${topicFilter}`
  const after = pageToken === '' ? '' : Buffer.from(looking.tokens.read(pageToken, question)).toString()
  const patience = patienceFor(call, looking.clock.now())
  const { records, next, silent } = await page(topicFilter || '#', after, size, looking, patience)
  return {
    messages: records.map((record) => messageOf(record, looking.traceIds, sightOf(request))),
    nextPageToken: next === '' ? '' : looking.tokens.write(Buffer.from(next), question),
    unreachableQueues: [...silent],
  }
}

export async function getRetained(
  { topic }: retained.GetRetainedRequest,
  looking: Looking,
  call: CallContext,
): Promise<retained.GetRetainedResponse> {
  checkTopic('topic', topic, 'any')
  const record = await retainedOf(topic, looking, call)
  if (record === undefined) {
    throw new Refusal('NOT_FOUND', 'NOT_RETAINED', `nothing is retained for ${topic.slice(0, 200)}`, {
      metadata: { topic },
    })
  }
  return { message: messageOf(record, looking.traceIds, wholeSight) }
}

export async function retainedOf(
  topic: string,
  { scans, clock }: Looking,
  call: CallContext,
): Promise<Message | undefined> {
  const queue = scans.queueOf(topic)
  const wish = { filter: topic, afterTopic: '', recordsMax: 1 }
  const part = (await scans.retained([queue], wish, patienceFor(call, clock.now()))).get(queue)
  if (part === undefined) throw unreachable(queue)
  return recordsOf(part, clock.now())[0]
}

export async function setRetained(
  request: retained.SetRetainedRequest,
  looking: Looking,
  publish: Publish,
  call: CallContext,
): Promise<retained.SetRetainedResponse> {
  const given = request.message
  if (given === undefined) throw badField('message', 'FIELD_INVALID', 'is missing; give what is to be retained')
  if (given.payload.length === 0) {
    throw badField('message.payload', 'FIELD_INVALID', 'is empty, which deletes; call DeleteRetained for that')
  }
  const record = publishedRecord({ ...given, retain: true }, publish.author, looking.clock.now())
  const key = requestKey(request.requestId, 0)
  return { receipt: receiptOf(await publish.record(record, key, call), looking) }
}

/** Publishes an empty retained message to each topic that matches [MQTT5-3.3.1-6]. */
export async function deleteRetained(
  { topicFilter, validateOnly }: retained.DeleteRetainedRequest,
  looking: Looking,
  publish: Publish,
  call: CallContext,
): Promise<retained.DeleteRetainedResponse> {
  if (topicFilter === '')
    throw badField('topic_filter', 'FIELD_INVALID', 'is empty; give # for all topics that do not begin with $')
  checkFilter('topic_filter', topicFilter)
  const { clock } = looking
  let deleted = 0
  for (let after = ''; ; ) {
    const patience = patienceFor(call, clock.now())
    const { records, next, silent } = await page(topicFilter, after, deletePageSize, looking, patience)
    if (silent[0] !== undefined) throw unreachable(silent[0])
    if (!validateOnly) await Promise.all(records.map((record) => deleteOne(record, looking, publish, call)))
    deleted += records.length
    if (next === '') return { deleted, more: false }
    if (deleted >= deleteMax) return { deleted, more: true }
    after = next
  }
}

async function deleteOne({ body }: Message, { clock }: Looking, publish: Publish, call: CallContext): Promise<void> {
  const topic = keyText(body) ?? ''
  const empty = message.Message.create({ topic, retain: true })
  await publish.record(publishedRecord(empty, publish.author, clock.now()), undefined, call)
}

async function page(
  filter: string,
  afterTopic: string,
  size: number,
  { scans, clock }: Looking,
  patience: Patience,
): Promise<Page> {
  const queues = scans.reach(filter)
  const parts = await scans.retained(queues, { filter, afterTopic, recordsMax: size }, patience)
  const silent = queues.filter((queue) => !parts.has(queue))
  const answered = [...parts.values()]
  // Beyond the topic up to which every queue was looked through, another one may have what comes between.
  const cuts = answered.flatMap(({ nextAfterTopic }) => (nextAfterTopic === '' ? [] : [Buffer.from(nextAfterTopic)]))
  const [cut] = cuts.toSorted(Buffer.compare)
  const found = answered
    .flatMap((part) => recordsOf(part, clock.now()))
    .map((record) => ({ record, key: keyOf(record) }))
  const certain = found.filter(({ key }) => cut === undefined || Buffer.compare(key, cut) <= 0)
  certain.sort((a, b) => Buffer.compare(a.key, b.key))
  const shown = withinAnswer(certain.slice(0, size))
  const last = shown.length < certain.length ? shown.at(-1)?.key : cut
  return { records: shown.map(({ record }) => record), next: last === undefined ? '' : last.toString(), silent }
}

/** One message always fits. */
function withinAnswer<Item extends Readonly<{ record: Message }>>(items: readonly Item[]): readonly Item[] {
  let bytes = 0
  const end = items.findIndex(({ record }, i) => {
    bytes += record.body.length
    return i > 0 && bytes > queryLimits.answerBytesMax
  })
  return end < 0 ? items : items.slice(0, end)
}

const keyOf = ({ body }: Message): Buffer => readBody(body, 0, body.length).key ?? Buffer.alloc(0)

/** What has expired is retained no more [MQTT5-3.3.2-5]. */
function recordsOf({ queue, records, baseTimeMs }: scan.RetainedPart, nowMs: number): Message[] {
  return [...unpack(records, 0, baseTimeMs)]
    .map((record) => ({ queue, ...record }))
    .filter((each) => !hasExpired(each, nowMs))
}

function hasExpired({ timeMs, body }: Message, nowMs: number): boolean {
  const seconds = envelopeOf(body)?.messageExpirySeconds
  return seconds !== undefined && timeMs + seconds * 1_000 < nowMs
}
