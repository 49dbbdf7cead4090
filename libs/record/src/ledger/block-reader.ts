import { VarintReader } from '../varint.ts'
import { blockFlag, blockVersion, type Lost } from './block-writer.ts'
import { type EntryContext, type LedgerEntry, positionsPerGroup } from './entry.ts'
import { EntryCursor } from './entry-cursor.ts'
import { Texts } from './texts.ts'

/** What an index needs to know of a block; to read it costs no look at the entries. */
export type BlockHead = Readonly<{
  queue: number
  proxy: number
  zone: string
  /** A delivery failed, or a publish was refused. */
  hasFailure: boolean
  /** What the proxy dropped of the queue before this block; undefined: nothing. */
  lost: Lost | undefined
  fromUs: number
  toUs: number
  /** The longest time from the start to the end of an entry. */
  longestUs: number
  /** Positions divided by `positionsPerGroup`, ascending. */
  groups: readonly number[]
  /** Client ids, filters, reasons, and topics of refused publishes. */
  texts: Texts
  /** `nameHash` of each topic that was published to. */
  topicHashes: readonly number[]
  contexts: readonly EntryContext[]
}>

/** The decoded block. Throws RangeError when it is cut off, or of a version that is not known. */
export type Block = Readonly<{
  head: BlockHead
  /** Before the first entry. */
  cursor(): EntryCursor
  /** Of one position, or all of them. */
  entries(position?: number): LedgerEntry[]
}>

export function readBlock(bytes: Buffer): Block {
  const reader = new VarintReader(bytes, 0, bytes.length)
  const version = bytes[reader.take(1)]
  if (version !== blockVersion) throw new RangeError(`a block of version ${version} is not known`)
  const queue = reader.next()
  const proxy = reader.next()
  const zoneBytes = reader.next()
  const zoneAt = reader.take(zoneBytes)
  const zone = bytes.toString('utf8', zoneAt, zoneAt + zoneBytes)
  const hasFailure = ((bytes[reader.take(1)] as number) & blockFlag.failure) !== 0
  const lost = readLost(reader)
  const fromUs = reader.next()
  const toUs = fromUs + reader.next()
  const longestUs = reader.next()
  let group = 0
  const groups = list(reader, () => (group += reader.next()))
  const texts = readTexts(bytes, reader)
  const topicHashes = list(reader, () => bytes.readUInt32LE(reader.take(4)))
  const indexed = list(reader, () => [reader.next(), readContext(bytes, reader)] as const)
  const contexts = indexed.map(([, context]) => context)
  const head = { queue, proxy, zone, hasFailure, lost, fromUs, toUs, longestUs, groups, texts, topicHashes, contexts }
  const entriesAt = reader.at
  const cursor = () => new EntryCursor(bytes, entriesAt, { texts, topicHashes, contexts: new Map(indexed) })
  return {
    head,
    cursor,
    entries(position) {
      const entries: LedgerEntry[] = []
      if (position !== undefined && !groups.includes(Math.floor(position / positionsPerGroup))) return entries
      const here = cursor()
      while (here.next()) if (position === undefined || here.position === position) entries.push(here.entry())
      return entries
    },
  }
}

function readTexts(bytes: Buffer, reader: VarintReader): Texts {
  const bounds: number[] = []
  for (let left = countOf(reader); left > 0; left--) {
    const length = reader.next()
    const from = reader.take(length)
    bounds.push(from, from + length)
  }
  return new Texts(bytes, bounds)
}

function readContext(bytes: Buffer, reader: VarintReader): EntryContext {
  const from = reader.take(24)
  return { traceId: bytes.toString('hex', from, from + 16), spanId: bytes.toString('hex', from + 16, from + 24) }
}

function readLost(reader: VarintReader): Lost | undefined {
  const count = reader.next()
  if (count === 0) return undefined
  const first = reader.next()
  return { count, first, last: first + reader.next() }
}

function list<T>(reader: VarintReader, item: () => T): T[] {
  const items: T[] = []
  for (let left = countOf(reader); left > 0; left--) items.push(item())
  return items
}

/** No item has less than a byte, so a false count is found before memory is spent on it. */
function countOf(reader: VarintReader): number {
  const count = reader.next()
  if (count > reader.end - reader.at) throw new RangeError(`a list of ${count} items reaches beyond the end`)
  return count
}
