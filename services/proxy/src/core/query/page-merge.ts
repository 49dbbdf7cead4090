/** Where a page stands in one queue. */
export type QueuePlace = Readonly<{
  queue: number
  /** Oldest first: the next position to look at. Newest first: the one above it. */
  next: number
  /** Oldest first: not looked at any more. Newest first: the last one to look at. */
  until: number
}>

export type PageItem<Item> = Readonly<{ position: number; timeMs: number; bytes: number; item: Item }>

/** What one look into a queue gave: items in the order that was asked for. */
export type QueueLook<Item> = Readonly<{
  queue: number
  items: readonly PageItem<Item>[]
  next: number
  done: boolean
  /** Of what stands at the border of what was looked at; 0: not known. */
  timeMs: number
}>

type Source<Item> = {
  readonly queue: number
  readonly until: number
  next: number
  done: boolean
  /** What comes from here later is not before it, in the order that was asked for. */
  bound: number
  found: PageItem<Item>[]
  silent: boolean
}

export type PageRoom = Readonly<{ itemsMax: number; bytesMax: number }>

/** Brings what the queues give into one order by time; ties are broken by queue and position. Pure: whoever drives it asks the queues. */
export class PageMerge<Item> {
  readonly items: Item[] = []
  private bytes = 0
  private full = false
  private readonly sources: Source<Item>[]
  private readonly newestFirst: boolean
  private readonly room: PageRoom

  constructor(places: readonly QueuePlace[], newestFirst: boolean, room: PageRoom) {
    this.newestFirst = newestFirst
    this.room = room
    const bound = newestFirst ? Number.POSITIVE_INFINITY : 0
    this.sources = places.map((place) => ({
      ...place,
      done: isOver(place, newestFirst),
      bound,
      found: [],
      silent: false,
    }))
  }

  get isFull(): boolean {
    return this.full || this.items.length >= this.room.itemsMax
  }

  /** The queues that must be looked at before the page can grow. */
  wanted(): QueuePlace[] {
    return this.isFull ? [] : this.sources.filter(isDry).map(({ queue, next, until }) => ({ queue, next, until }))
  }

  take({ queue, items, next, done, timeMs }: QueueLook<Item>): void {
    const source = this.sources.find((each) => each.queue === queue)
    if (source === undefined) return
    source.found.push(...items)
    source.next = next
    source.done = done || isOver(source, this.newestFirst)
    if (timeMs > 0) source.bound = timeMs
  }

  /** A queue that gives no answer: the page goes on without it, and the next one asks it again. */
  leaveOut(queue: number): void {
    for (const source of this.sources) if (source.queue === queue) source.silent = true
  }

  /** Adds what is certain to be next. */
  advance(): void {
    this.addWhile((item) => this.sources.every((each) => !isDry(each) || this.isBefore(item.timeMs, each.bound)))
  }

  /** No more looks: should nothing be certain, what was found is better than an empty page. */
  finish(): void {
    this.advance()
    if (this.items.length === 0) this.addWhile(() => true)
  }

  /** Where the next page begins; queues that are at their end are left out. */
  places(): QueuePlace[] {
    return this.sources
      .filter(({ done, found }) => !done || found.length > 0)
      .map((source) => ({ queue: source.queue, next: this.placeOf(source), until: source.until }))
  }

  /** How far all queues have come together; undefined when that is not known, or all are at their end. */
  scannedTo(): number | undefined {
    const open = this.sources.filter(({ done, found }) => !done || found.length > 0)
    const bounds = open.map(({ found, bound }) => found[0]?.timeMs ?? bound)
    if (bounds.length === 0) return undefined
    const reached = this.newestFirst ? Math.max(...bounds) : Math.min(...bounds)
    return Number.isFinite(reached) && reached > 0 ? reached : undefined
  }

  private addWhile(certain: (item: PageItem<Item>) => boolean): void {
    while (!this.isFull) {
      const source = this.first()
      const item = source?.found[0]
      if (source === undefined || item === undefined || !certain(item)) return
      if (this.items.length > 0 && this.bytes + item.bytes > this.room.bytesMax) {
        this.full = true
        return
      }
      source.found.shift()
      this.items.push(item.item)
      this.bytes += item.bytes
    }
  }

  private first(): Source<Item> | undefined {
    let best: Source<Item> | undefined
    for (const source of this.sources) {
      const item = source.found[0]
      const known = best?.found[0]
      if (item === undefined) continue
      // Queues are in their order: a tie goes to the lower one, or newest first to the higher one.
      if (known === undefined || this.isBefore(item.timeMs, known.timeMs)) best = source
      else if (this.newestFirst && item.timeMs === known.timeMs) best = source
    }
    return best
  }

  private placeOf({ found, next }: Source<Item>): number {
    const unused = found[0]
    if (unused === undefined) return next
    return this.newestFirst ? unused.position + 1 : unused.position
  }

  private isBefore(timeMs: number, other: number): boolean {
    return this.newestFirst ? timeMs > other : timeMs < other
  }
}

const isDry = ({ found, done, silent }: Source<unknown>): boolean => found.length === 0 && !done && !silent

const isOver = ({ next, until }: { next: number; until: number }, newestFirst: boolean): boolean =>
  newestFirst ? next <= until : next >= until
