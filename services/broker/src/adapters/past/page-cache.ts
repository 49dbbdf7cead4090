import type { Message } from '../../core/queue/tail-ring.ts'

/** Messages of the past, void ones left out, up to (not with) position `next`. */
export type Past = Readonly<{ messages: readonly Message[]; next: number; gap: boolean }>

/** What was read of one queue from position `first` on; `bytes` came from the log. */
export type CachedPage = Readonly<{ owner: object; first: number; past: Past; bytes: number }>

export const pageCacheBytesMax = 32 * 1024 * 1024
/** A message beside its bytes: objects, a view, the topic. */
const messageOverheadBytes = 256

const costOf = ({ bytes, past }: CachedPage): number => bytes + past.messages.length * messageOverheadBytes

/** Pages of the log that somebody read a moment ago, over all queues of a broker: the one not used for longest goes first. */
export class PageCache {
  private readonly pages = new Set<CachedPage>()
  private bytes = 0
  private readonly bytesMax: number

  constructor(bytesMax: number = pageCacheBytesMax) {
    this.bytesMax = bytesMax
  }

  add(page: CachedPage): void {
    this.pages.add(page)
    this.bytes += costOf(page)
    for (const oldest of this.pages) {
      if (this.bytes <= this.bytesMax) return
      this.remove(oldest)
    }
  }

  /** What follows from the position on; undefined when no page has it. */
  find(owner: object, position: number): Past | undefined {
    for (const page of this.pages) {
      if (page.owner !== owner || position < page.first || position >= page.past.next) continue
      this.pages.delete(page)
      this.pages.add(page)
      return pastFrom(page.past, position)
    }
    return undefined
  }

  forgetBelow(owner: object, start: number): void {
    for (const page of [...this.pages]) if (page.owner === owner && page.first < start) this.remove(page)
  }

  private remove(page: CachedPage): void {
    this.pages.delete(page)
    this.bytes -= costOf(page)
  }
}

/** Binary search: messages stand in the order of their positions. */
export function pastFrom(past: Past, position: number): Past {
  const { messages } = past
  let low = 0
  let high = messages.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((messages[middle] as Message).position < position) low = middle + 1
    else high = middle
  }
  return low === 0 ? past : { ...past, messages: messages.slice(low) }
}
