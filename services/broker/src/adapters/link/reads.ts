import { matches, TopicTree } from '@tern/mqtt'
import type { deliver } from '@tern/proto'
import { PackedWriter } from '@tern/record'
import type { Message } from '../../core/queue/tail-ring.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'

const retainedPageTopics = 256
const retainedPageBytes = 1024 * 1024
/** Up to so many filters each is tried; a tree is made for more. */
const filtersTriedMax = 4

/** One page of catch-up for a session: what its filters want of the messages from a position on. */
export async function readAnswer(runner: QueueRunner, read: deliver.Read): Promise<deliver.ReadAnswer> {
  const { messages, next, gap } = await runner.messagesFrom(read.from)
  const first = gap ? next : read.from
  const wanted = wantedBy(read.filters)
  const baseTimeMs = messages[0]?.timeMs ?? 0
  const writer = new PackedWriter(first, baseTimeMs)
  let last = next - 1
  for (const message of messages) {
    if (message.position < first || !wanted(message)) continue
    writer.add(message.position, message.timeMs, message.body)
    if (writer.count < read.recordsMax && writer.bytes < read.bytesMax) continue
    last = message.position
    break
  }
  const { count } = writer
  const delivery = { queue: read.queue, first, last, baseTimeMs, count, records: writer.finish() }
  return { id: read.id, delivery, notOwner: false, gap }
}

function wantedBy(filters: readonly deliver.ReadFilter[]): (message: Message) => boolean {
  if (filters.length === 0) return () => true
  if (filters.length <= filtersTriedMax) {
    return ({ topic, position }) => filters.some(({ filter, start }) => position > start && matches(filter, topic))
  }
  const tree = new TopicTree<deliver.ReadFilter>()
  for (const filter of filters) tree.add(filter.filter, filter)
  return ({ topic, position }) => {
    let wanted = false
    tree.match(topic, ({ start }) => {
      wanted ||= position > start
    })
    return wanted
  }
}

/** One page of retained messages; it ends early when it is large. */
export function retainedAnswer(runner: QueueRunner, read: deliver.RetainedRead): deliver.RetainedAnswer {
  const { entries, next = '' } = runner.retained.page(read.filter, read.afterTopic, retainedPageTopics)
  const baseTimeMs = entries[0]?.[1].timeMs ?? 0
  const writer = new PackedWriter(0, baseTimeMs)
  let nextAfterTopic = next
  for (const [topic, { position, timeMs, body }] of entries) {
    if (position <= read.through) writer.add(position, timeMs, body)
    if (writer.bytes < retainedPageBytes) continue
    nextAfterTopic = topic
    break
  }
  const { count } = writer
  return { id: read.id, baseTimeMs, count, records: writer.finish(), nextAfterTopic, notOwner: false }
}
