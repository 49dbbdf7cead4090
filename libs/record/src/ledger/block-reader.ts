import { VarintReader } from '../varint.ts'
import { blockFlag, blockVersion, entryBit, type Lost } from './block-writer.ts'
import { type EntryContext, type EntryKind, entryKind, type LedgerEntry, positionsPerGroup } from './entry.ts'

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
  strings: readonly string[]
  /** `nameHash` of each topic that was published to. */
  topicHashes: readonly number[]
  contexts: readonly EntryContext[]
}>

/** The decoded block. Throws RangeError when it is cut off, or of a version that is not known. */
export type Block = Readonly<{
  head: BlockHead
  /** Of one position, or all of them. */
  entries(position?: number): LedgerEntry[]
}>

export function readBlock(bytes: Buffer): Block {
  const reader = new VarintReader(bytes, 0, bytes.length)
  const version = bytes[reader.take(1)]
  if (version !== blockVersion) throw new RangeError(`a block of version ${version} is not known`)
  const text = () => {
    const length = reader.next()
    const from = reader.take(length)
    return bytes.toString('utf8', from, from + length)
  }
  const queue = reader.next()
  const proxy = reader.next()
  const zone = text()
  const hasFailure = ((bytes[reader.take(1)] as number) & blockFlag.failure) !== 0
  const lost = readLost(reader)
  const fromUs = reader.next()
  const toUs = fromUs + reader.next()
  const longestUs = reader.next()
  let group = 0
  const groups = list(reader, () => (group += reader.next()))
  const strings = list(reader, text)
  const topicHashes = list(reader, () => bytes.readUInt32LE(reader.take(4)))
  const indexed = list(reader, () => ({ index: reader.next(), context: readContext(bytes, reader) }))
  const contexts = indexed.map(({ context }) => context)
  const head = { queue, proxy, zone, hasFailure, lost, fromUs, toUs, longestUs, groups, strings, topicHashes, contexts }
  const entriesAt = reader.at
  return {
    head,
    entries(position) {
      if (position !== undefined && !groups.includes(Math.floor(position / positionsPerGroup))) return []
      const byIndex = new Map(indexed.map(({ index, context }) => [index, context]))
      return readEntries(bytes, entriesAt, { strings, topicHashes, contexts: byIndex }, position)
    },
  }
}

type Tables = Readonly<{
  strings: readonly string[]
  topicHashes: readonly number[]
  contexts: ReadonlyMap<number, EntryContext>
}>

function readEntries(
  bytes: Buffer,
  at: number,
  { strings, topicHashes, contexts }: Tables,
  wanted: number | undefined,
): LedgerEntry[] {
  const reader = new VarintReader(bytes, at, bytes.length)
  const count = reader.next()
  let startUs = reader.next()
  let [position, middleUs, endUs, qos] = [0, 0, 0, 0]
  const stringOf = (ref: number) => {
    const text = strings[ref]
    if (text === undefined) throw new RangeError(`there is no string ${ref} in the block`)
    return text
  }
  const entries: LedgerEntry[] = []
  for (let index = 0; index < count; index++) {
    const first = bytes[reader.take(1)] as number
    const kind = (first & entryBit.kind) as EntryKind
    if ((first & entryBit.run) === 0) {
      qos = (first >> entryBit.qosShift) & 3
      position += reader.signed()
      startUs += reader.signed()
      middleUs = startUs + reader.next()
      endUs = middleUs + reader.next()
    }
    const client = reader.next()
    const named = reader.next()
    const extra = (first & entryBit.extra) !== 0
    const attempt = extra ? reader.next() : 1
    const code = extra ? reader.next() : 0
    const why = extra ? reader.next() : -1
    if (wanted !== undefined && position !== wanted) continue
    entries.push({
      ...{ kind, position, qos, startUs, middleUs, endUs, attempt, code },
      clientId: stringOf(client),
      name: kind === entryKind.published ? '' : stringOf(named),
      topicHash: kind === entryKind.published ? (topicHashes[named] ?? 0) : 0,
      reason: why < 0 ? '' : stringOf(why),
      context: contexts.get(index),
    })
  }
  return entries
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

/** A count, then so many items; no item has less than a byte, so a false count is found before memory is spent on it. */
function list<T>(reader: VarintReader, item: () => T): T[] {
  const count = reader.next()
  if (count > reader.end - reader.at) throw new RangeError(`a list of ${count} items reaches beyond the end`)
  const items: T[] = []
  for (let i = 0; i < count; i++) items.push(item())
  return items
}
