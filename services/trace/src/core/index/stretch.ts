import type { BlockHead } from '@tern/record'
import { HashedSet } from './name-set.ts'

const nameBits = 4_096
const groupBits = 1_024

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
  /** Client ids, filters, topics; of spans of others whatever text they have. */
  readonly names = new HashedSet(nameBits)
  private readonly groups = new HashedSet(groupBits)
  private groupsFrom = Number.POSITIVE_INFINITY
  private groupsTo = -1

  constructor(queue: number, first: number) {
    this.queue = queue
    this.first = first
    this.end = first
  }

  add(offset: number, bytes: number, head: Hints): void {
    this.end = offset + 1
    this.bytes += bytes
    this.fromUs = Math.min(this.fromUs, head.fromUs)
    this.toUs = Math.max(this.toUs, head.toUs)
    if (head.hasFailure) this.hasFailure = true
    for (const hash of head.nameHashes) this.names.add(hash)
    for (const group of head.groups) {
      this.groups.add(group)
      this.groupsFrom = Math.min(this.groupsFrom, group)
      this.groupsTo = Math.max(this.groupsTo, group)
    }
  }

  /** The next stretch of the queue becomes part of this one. */
  absorb(next: Stretch): void {
    this.end = next.end
    this.bytes += next.bytes
    this.fromUs = Math.min(this.fromUs, next.fromUs)
    this.toUs = Math.max(this.toUs, next.toUs)
    this.hasFailure ||= next.hasFailure
    this.names.addAll(next.names)
    this.groups.addAll(next.groups)
    this.groupsFrom = Math.min(this.groupsFrom, next.groupsFrom)
    this.groupsTo = Math.max(this.groupsTo, next.groupsTo)
  }

  /** Whether there may be an entry of a position in this group. */
  mayHaveGroup(group: number): boolean {
    return group >= this.groupsFrom && group <= this.groupsTo && this.groups.has(group)
  }
}

/** What a record says of itself. */
export type Hints = Readonly<Pick<BlockHead, 'fromUs' | 'toUs' | 'hasFailure' | 'groups'>> &
  Readonly<{ nameHashes: Iterable<number> }>
