import { matches, TopicTree } from '@tern/mqtt'
import type { deliver } from '@tern/proto'
import { PackedWriter } from '@tern/record'
import { probesOf } from '../../core/block-summary/probe.ts'
import type { Message } from '../../core/queue/tail-ring.ts'
import type { Past } from '../past/page-cache.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'

const retainedPageTopics = 256
const retainedPageBytes = 1024 * 1024
/** One answer looks at so many bytes of messages, and reads so many times, before it says how far it came. */
const lookedAtBytesMax = 1024 * 1024
const roundsMax = 8
/** Up to so many filters each is tried; a tree is made for more. */
const filtersTriedMax = 4

/**
 * One page of catch-up for a session: what its filters want of the messages from a position on. Blocks that cannot hold any are
 * passed over; what must be read in between is read until the page is full, or has cost enough.
 */
export async function readAnswer({ past }: Pick<QueueRunner, 'past'>, read: deliver.Read): Promise<deliver.ReadAnswer> {
  const page = new ReadPage(read)
  const probes = probesOf(read.filters)
  for (let round = 0; round < roundsMax; round++) {
    const { next, mayMatch, recordBytes } = past.survey(page.next, probes)
    page.next = next
    if (!mayMatch) break
    const found = await past.messagesFrom(next, recordBytes)
    if (found.gap) {
      // An answer that tells of a gap begins with it.
      if (next === read.from) return page.gapUpTo(found.next)
      break
    }
    if (found.next <= next) break
    page.take(found)
    if (page.isFull) break
  }
  past.meter.delivered(page.bytes)
  return page.answer()
}

/** An answer as it grows: all below `next` was judged. */
class ReadPage {
  next: number
  private readonly read: deliver.Read
  private readonly wanted: (message: Message) => boolean
  private lookedAtBytes = 0
  private baseTimeMs = 0
  private writer: PackedWriter | undefined

  constructor(read: deliver.Read) {
    this.read = read
    this.next = read.from
    this.wanted = wantedBy(read.filters)
  }

  get bytes(): number {
    return this.writer?.bytes ?? 0
  }

  get isFull(): boolean {
    return this.lookedAtBytes >= lookedAtBytesMax || !this.hasRoom
  }

  take({ messages, next }: Past): void {
    for (const message of messages) {
      this.lookedAtBytes += message.body.length
      if (!this.wanted(message)) continue
      this.add(message)
      if (this.hasRoom) continue
      this.next = message.position + 1
      return
    }
    this.next = next
  }

  answer(): deliver.ReadAnswer {
    const { id, queue, from: first } = this.read
    const { baseTimeMs } = this
    const [count, records] = this.writer ? [this.writer.count, this.writer.finish()] : [0, new Uint8Array()]
    return {
      id,
      delivery: { queue, first, last: this.next - 1, baseTimeMs, count, records },
      notOwner: false,
      gap: false,
    }
  }

  gapUpTo(next: number): deliver.ReadAnswer {
    const { id, queue } = this.read
    const nothing = { baseTimeMs: 0, count: 0, records: new Uint8Array() }
    return { id, delivery: { queue, first: next, last: next - 1, ...nothing }, notOwner: false, gap: true }
  }

  private get hasRoom(): boolean {
    const { recordsMax, bytesMax } = this.read
    return (this.writer?.count ?? 0) < recordsMax && this.bytes < bytesMax
  }

  private add({ position, timeMs, body }: Message): void {
    if (this.writer === undefined) {
      this.baseTimeMs = timeMs
      this.writer = new PackedWriter(this.read.from, timeMs)
    }
    this.writer.add(position, timeMs, body)
  }
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
