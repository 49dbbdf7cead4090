import type { BlockHead } from '@tern/record'
import { HashedSet } from './name-set.ts'

/** What a stretch takes besides its two sets, about. */
const ownBytes = 250
/** And a hash of one that is not sealed. */
const hashBytes = 40

/** What is known of some records of tern.trace that lie together in one queue, so that most of them need not be read. */
export class Stretch {
  readonly queue: number
  /** Offsets: the first record, and the one after the last. */
  readonly first: number
  end: number
  bytes = 0
  /** Microseconds since 1970, of anything in it. */
  fromUs = Number.POSITIVE_INFINITY
  toUs = 0
  hasFailure = false
  /** Client ids, filters, topics; of spans of others whatever text they have. Exact while records are added. */
  private names: Set<number> | HashedSet = new Set()
  private groups: Set<number> | HashedSet = new Set()
  private groupsFrom = Number.POSITIVE_INFINITY
  private groupsTo = -1

  constructor(queue: number, first: number) {
    this.queue = queue
    this.first = first
    this.end = first
  }

  /** Of memory. */
  get indexBytes(): number {
    const sized = (set: Set<number> | HashedSet) => (set instanceof HashedSet ? set.bytes : hashBytes * set.size)
    return ownBytes + sized(this.names) + sized(this.groups)
  }

  add(offset: number, bytes: number, head: Hints): void {
    const { names, groups } = this
    if (names instanceof HashedSet || groups instanceof HashedSet) throw new Error('a sealed stretch takes no more')
    this.end = offset + 1
    this.bytes += bytes
    this.fromUs = Math.min(this.fromUs, head.fromUs)
    this.toUs = Math.max(this.toUs, head.toUs)
    if (head.hasFailure) this.hasFailure = true
    for (const hash of head.nameHashes) names.add(hash)
    for (const group of head.groups) {
      groups.add(group)
      this.groupsFrom = Math.min(this.groupsFrom, group)
      this.groupsTo = Math.max(this.groupsTo, group)
    }
  }

  /** No more will be added: what is in it is kept in as few bits as do. */
  seal(): void {
    if (!(this.names instanceof HashedSet)) this.names = new HashedSet(this.names)
    if (!(this.groups instanceof HashedSet)) this.groups = new HashedSet(this.groups)
  }

  /** The next stretch of the queue becomes part of this one; both are sealed. */
  absorb(next: Stretch): void {
    const { names, groups } = this
    const { names: nextNames, groups: nextGroups } = next
    if (!(names instanceof HashedSet && nextNames instanceof HashedSet)) throw new Error('not sealed')
    if (!(groups instanceof HashedSet && nextGroups instanceof HashedSet)) throw new Error('not sealed')
    names.addAll(nextNames)
    groups.addAll(nextGroups)
    this.end = next.end
    this.bytes += next.bytes
    this.fromUs = Math.min(this.fromUs, next.fromUs)
    this.toUs = Math.max(this.toUs, next.toUs)
    this.hasFailure ||= next.hasFailure
    this.groupsFrom = Math.min(this.groupsFrom, next.groupsFrom)
    this.groupsTo = Math.max(this.groupsTo, next.groupsTo)
  }

  mayHaveName(hash: number): boolean {
    return this.names.has(hash)
  }

  /** Whether there may be an entry of a position in this group. */
  mayHaveGroup(group: number): boolean {
    return group >= this.groupsFrom && group <= this.groupsTo && this.groups.has(group)
  }
}

/** What a record says of itself. */
export type Hints = Readonly<Pick<BlockHead, 'fromUs' | 'toUs' | 'hasFailure' | 'groups'>> &
  Readonly<{ nameHashes: Iterable<number> }>
