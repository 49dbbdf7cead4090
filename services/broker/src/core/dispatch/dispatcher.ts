import { TopicTree } from '@tern/mqtt'
import type { deliver } from '@tern/proto'
import type { Message } from '../queue/tail-ring.ts'
import { Attachment } from './attachment.ts'

/** Whoever deliveries go to: a link to a proxy. */
export type Recipient = Readonly<{ deliver(delivery: deliver.Delivery): void }>

type Attached<R> = { recipient: R; filters: Set<string>; attachment: Attachment | undefined }

/** Which proxies get what of one queue (D1): each record is matched once, each proxy gets one copy. */
export class Dispatcher<R extends Recipient> {
  private readonly queue: number
  private readonly interest = new TopicTree<Attached<R>>()
  private readonly attached = new Map<R, Attached<R>>()
  /** Who takes part in the batch under way. */
  private readonly live = new Set<Attached<R>>()

  constructor(queue: number) {
    this.queue = queue
  }

  setInterest(recipient: R, { add, remove }: Pick<deliver.Interest, 'add' | 'remove'>): void {
    const entry = this.entryOf(recipient)
    for (const filter of add) {
      if (entry.filters.has(filter)) continue
      entry.filters.add(filter)
      this.interest.add(filter, entry)
    }
    for (const filter of remove) if (entry.filters.delete(filter)) this.interest.remove(filter, entry)
  }

  attach(recipient: R, next: number): void {
    this.entryOf(recipient).attachment = new Attachment(this.queue, next)
  }

  detach(recipient: R): void {
    const entry = this.attached.get(recipient)
    if (entry === undefined) return
    for (const filter of entry.filters) this.interest.remove(filter, entry)
    this.attached.delete(recipient)
  }

  credit(recipient: R, bytes: number): void {
    this.attached.get(recipient)?.attachment?.credit(bytes)
  }

  /** A batch begins at `start`: those who have come so far, and have room, get it as it comes. */
  beginBatch(start: number): void {
    this.live.clear()
    for (const entry of this.attached.values()) {
      if (entry.attachment?.open && entry.attachment.next >= start) this.live.add(entry)
    }
  }

  /** A message of the batch. Those who are not there yet get it when they come to it. */
  offer(message: Message): void {
    this.interest.match(message.topic, (entry) => {
      const { attachment } = entry
      if (attachment === undefined || attachment.next > message.position || !this.live.has(entry)) return
      attachment.add(message)
      attachment.cover(message.position + 1)
      if (!attachment.open) this.live.delete(entry)
    })
  }

  /** The batch is over: all below `end` is known, and covered for those who kept up. */
  endBatch(end: number): void {
    for (const { attachment } of this.live) if (attachment !== undefined && attachment.next < end) attachment.cover(end)
    for (const { attachment, recipient } of this.attached.values()) {
      const delivery = attachment?.takeRecords()
      if (delivery) recipient.deliver(delivery)
    }
  }

  /** Those behind `end`, whose window is open. */
  /** Proxies that are attached, and how many records the one that is farthest behind has not come to. */
  standing(end: number): Readonly<{ attached: number; behind: number }> {
    const nexts = [...this.attached.values()].flatMap(({ attachment }) => attachment?.next ?? [])
    return { attached: nexts.length, behind: Math.max(0, ...nexts.map((next) => end - next)) }
  }

  lagging(end: number): { recipient: R; attachment: Attachment }[] {
    const behind: { recipient: R; attachment: Attachment }[] = []
    for (const { recipient, attachment } of this.attached.values()) {
      if (attachment?.open && attachment.next < end) behind.push({ recipient, attachment })
    }
    return behind
  }

  /** Sends messages of the past that this proxy wants, up to a chunk or its window; all below `end` is in `messages`. Returns the bytes. */
  catchUp(recipient: R, messages: readonly Message[], end: number): number {
    const entry = this.attached.get(recipient)
    const attachment = entry?.attachment
    if (entry === undefined || attachment === undefined) return 0
    let room = true
    for (const message of messages) {
      room = attachment.open && !attachment.chunkFull
      if (!room) break
      if (this.wants(entry, message.topic)) attachment.add(message)
      attachment.cover(message.position + 1)
    }
    if (room) attachment.cover(end)
    const delivery = attachment.takeRecords()
    if (delivery) recipient.deliver(delivery)
    return delivery?.records.length ?? 0
  }

  /** Reports covered ranges in which nothing matched. */
  reportCovered(): void {
    for (const { recipient, attachment } of this.attached.values()) {
      const delivery = attachment?.take()
      if (delivery) recipient.deliver(delivery)
    }
  }

  private wants(entry: Attached<R>, topic: string): boolean {
    let wanted = false
    this.interest.match(topic, (other) => {
      if (other === entry) wanted = true
    })
    return wanted
  }

  private entryOf(recipient: R): Attached<R> {
    let entry = this.attached.get(recipient)
    if (entry === undefined) {
      entry = { recipient, filters: new Set(), attachment: undefined }
      this.attached.set(recipient, entry)
    }
    return entry
  }
}
