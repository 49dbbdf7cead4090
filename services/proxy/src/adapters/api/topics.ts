import { type message, scan, type topics } from '@tern/proto'
import { unpack } from '@tern/record'
import { messageOf, timestampOf, wholeSight } from '../../core/api/message.ts'
import { checkTopic } from '../../core/api/published-record.ts'
import { badField } from '../../core/api/refusal.ts'
import { pageSizeOf } from '../../core/query/conditions.ts'
import { childPath, mergedLevel, orders, together, topicNode } from '../../core/topics/merged-level.ts'
import type { Message } from '../../ports.ts'
import { type CallContext, type Looking, patienceFor } from './call.ts'
import { retainedOf } from './retained.ts'

const pageSizes = { pageSizeDefault: 100, pageSizeMax: 1_000 } as const
const pathBytesMax = 65_535
const textUnitsMax = 1_024

/** One level of the tree of topics, from all queues. */
export async function listTopicChildren(
  { path, orderBy, pageSize }: topics.ListTopicChildrenRequest,
  { scans, clock }: Looking,
  call: CallContext,
): Promise<topics.ListTopicChildrenResponse> {
  checkLength('path', path, pathBytesMax)
  const name = orderBy || 'rate'
  const order = Object.hasOwn(orders, name) ? orders[name as keyof typeof orders] : undefined
  if (order === undefined)
    throw badField('order_by', 'FIELD_INVALID', `is "${orderBy.slice(0, 40)}"; give rate, bytes or name`)
  const count = pageSizeOf(pageSize, pageSizes)
  const queues = scans.reach('')
  const parts = await scans.levels(queues, { path, withoutChildren: false }, patienceFor(call, clock.now()))
  const { children, total, approximate, countedSinceMs } = mergedLevel([...parts.values()])
  const shown = children.toSorted(order).slice(0, count)
  return {
    children: shown.map((child) => topicNode(child, childPath(path, child.name))),
    totalSize: total,
    approximate,
    unreachableQueues: queues.filter((queue) => !parts.has(queue)),
    countedSince: countedSinceMs > 0 ? timestampOf(countedSinceMs) : undefined,
  }
}

/** Topics whose name holds a text, the busiest first. */
export async function searchTopics(
  { text, pageSize }: topics.SearchTopicsRequest,
  { scans, clock }: Looking,
  call: CallContext,
): Promise<topics.SearchTopicsResponse> {
  if (text === '') throw badField('text', 'FIELD_INVALID', 'is empty; give a part of a topic')
  checkLength('text', text, textUnitsMax)
  const count = pageSizeOf(pageSize, pageSizes)
  const parts = await scans.search(scans.reach(''), { text, topicsMax: count }, patienceFor(call, clock.now()))
  const found = new Map<string, Parameters<typeof together>[0]>()
  for (const node of [...parts.values()].flatMap((part) => part.topics)) {
    const known = found.get(node.name)
    found.set(node.name, known ? together(known, node) : node)
  }
  const sorted = [...found.values()].toSorted(orders.rate)
  const more = sorted.length > count || [...parts.values()].some((part) => part.more)
  return { topics: sorted.slice(0, count).map((node) => topicNode(node, node.name)), more }
}

/** Where the queue of a topic stands, and how many subscriptions match it. */
export type TopicSurroundings = Readonly<{
  ownerOf(queue: number): Readonly<{ owner: string; zone: string }>
  subscriptions(topic: string, call: CallContext): Promise<number>
}>

export async function getTopic(
  { topic }: topics.GetTopicRequest,
  looking: Looking,
  call: CallContext,
  { ownerOf, subscriptions }: TopicSurroundings,
): Promise<topics.GetTopicResponse> {
  checkTopic('topic', topic, 'any')
  const { scans, clock, traceIds } = looking
  const queue = scans.queueOf(topic)
  const patience = patienceFor(call, clock.now())
  const [levels, retained, count] = await Promise.all([
    scans.levels(scans.reach(''), { path: topic, withoutChildren: true }, patience),
    retainedOf(topic, looking, call),
    subscriptions(topic, call),
  ])
  const { level } = mergedLevel([...levels.values()])
  const last = await lastOf(topic, levels.get(queue)?.level?.lastPosition ?? -1, looking, call)
  const { owner, zone } = ownerOf(queue)
  const shown = (record: Message | undefined): message.Message | undefined =>
    record && messageOf(record, traceIds, wholeSight)
  return {
    topic: level ? topicNode(level, topic) : undefined,
    ...{ queue, owner, zone, lastMessage: shown(last), retained: shown(retained), subscriptions: count },
  }
}

/** The newest message of a topic: where it was counted, else the log is looked through from its end, as long as a look may take. */
async function lastOf(
  topic: string,
  counted: number,
  { scans, clock }: Looking,
  call: CallContext,
): Promise<Message | undefined> {
  const queue = scans.queueOf(topic)
  const patience = patienceFor(call, clock.now())
  if (counted >= 0) {
    const record = (await scans.read(queue, [counted], patience))?.[0]
    if (record?.verdict === scan.RecordVerdict.MESSAGE) {
      return { queue, position: counted, timeMs: record.timeMs, body: Buffer.from(record.body) }
    }
  }
  const conditions = scan.ScanConditions.create({ filter: topic })
  const wish = {
    conditions,
    backwards: true,
    recordsMax: 1,
    bytesMax: 1,
    budgetMs: patience.until - clock.now(),
    waitMs: 0,
  }
  const parts = [{ queue, from: Number.MAX_SAFE_INTEGER, until: undefined }]
  const answer = (await scans.scan(parts, { ...wish, sampleMax: 0 }, patience)).get(queue)
  const [found] = answer ? unpack(answer.records, answer.basePosition, answer.baseTimeMs) : []
  return found && { queue, ...found }
}

function checkLength(field: string, text: string, unitsMax: number): void {
  if (text.length <= unitsMax) return
  throw badField(field, 'TEXT_TOO_LONG', `has ${text.length} characters; give at most ${unitsMax}`)
}
