import { VarintReader } from '../varint.ts'
import { entryBit } from './block-writer.ts'
import { type EntryContext, type EntryKind, entryKind, type LedgerEntry } from './entry.ts'
import type { Texts } from './texts.ts'

/** What the head of a block has for its entries. */
export type Tables = Readonly<{
  texts: Texts
  topicHashes: readonly number[]
  /** By the entry's index. */
  contexts: ReadonlyMap<number, EntryContext>
}>

/** Goes over the entries of a block without an object for any of them: its fields are of the entry that it stands at. */
export class EntryCursor {
  readonly count: number
  index = -1
  kind: EntryKind = entryKind.published
  position = 0
  qos = 0
  startUs: number
  middleUs = 0
  endUs = 0
  attempt = 1
  code = 0
  /** Refs to the texts of the block; `named` of a published one to its topic hashes, `why` -1: no reason. */
  client = 0
  named = 0
  why = -1
  private readonly bytes: Buffer
  private readonly reader: VarintReader
  private readonly tables: Tables
  private readonly textCount: number

  constructor(bytes: Buffer, at: number, tables: Tables) {
    this.bytes = bytes
    this.tables = tables
    this.textCount = tables.texts.count
    this.reader = new VarintReader(bytes, at, bytes.length)
    this.count = this.reader.next()
    this.startUs = this.reader.next()
  }

  /** False: there is none any more. Throws RangeError when the block is cut off or tells of strings that it does not have. */
  next(): boolean {
    if (this.index + 1 >= this.count) return false
    this.index++
    const { reader } = this
    const first = this.bytes[reader.take(1)] as number
    this.kind = (first & entryBit.kind) as EntryKind
    if ((first & entryBit.run) === 0) {
      this.qos = (first >> entryBit.qosShift) & 3
      this.position += reader.signed()
      this.startUs += reader.signed()
      this.middleUs = this.startUs + reader.next()
      this.endUs = this.middleUs + reader.next()
    }
    this.client = this.text(reader.next())
    this.named = reader.next()
    if (this.kind !== entryKind.published) this.text(this.named)
    if ((first & entryBit.extra) === 0) {
      this.attempt = 1
      this.code = 0
      this.why = -1
    } else {
      this.attempt = reader.next()
      this.code = reader.next()
      this.why = this.text(reader.next())
    }
    return true
  }

  get context(): EntryContext | undefined {
    return this.tables.contexts.get(this.index)
  }

  get clientId(): string {
    return this.tables.texts.at(this.client)
  }

  /** Of a delivery its filter, of a refused publish its topic. */
  get name(): string {
    return this.kind === entryKind.published ? '' : this.tables.texts.at(this.named)
  }

  get topicHash(): number {
    return this.kind === entryKind.published ? (this.tables.topicHashes[this.named] ?? 0) : 0
  }

  entry(): LedgerEntry {
    const { kind, position, qos, startUs, middleUs, endUs, attempt, code, clientId, name, topicHash, context } = this
    const reason = this.why < 0 ? '' : this.tables.texts.at(this.why)
    return { kind, position, qos, startUs, middleUs, endUs, attempt, code, clientId, name, topicHash, reason, context }
  }

  private text(ref: number): number {
    if (ref >= this.textCount) throw new RangeError(`there is no string ${ref} in the block`)
    return ref
  }
}
