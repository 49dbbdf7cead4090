import { type Reader, Writer } from '@platformatic/kafka'
import { errorCode, nameOf } from './kafka-error.ts'
import type { Api } from './node-connection.ts'

export type Fetched = Readonly<{ code: number; start: number; end: number; records: Buffer }>

export type FetchWish = Readonly<{
  topic: string
  /** Offsets by partition. */
  from: ReadonlyMap<number, number>
  bytesMax: number
  /** How long the node may wait for something to come. */
  waitMs: number
}>

const anyEpoch = -1
const none = Buffer.alloc(0)

/** Fetch v12 of one topic, what is committed, by partition; without a fetch session. */
export const fetchApi: Api<ReadonlyMap<number, Fetched>> = { key: 1, version: 12, parse }

export const fetchRequest = ({ topic, from, bytesMax, waitMs }: FetchWish): Writer =>
  Writer.create()
    .appendInt32(-1)
    .appendInt32(waitMs)
    .appendInt32(1)
    .appendInt32(bytesMax)
    .appendInt8(0)
    .appendInt32(0)
    .appendInt32(-1)
    .appendArray([topic], (writer, name) =>
      writer
        .appendString(name)
        .appendArray([...from], (each, [partition, offset]) =>
          each
            .appendInt32(partition)
            .appendInt32(anyEpoch)
            .appendInt64(BigInt(offset))
            .appendInt32(anyEpoch)
            .appendInt64(-1n)
            .appendInt32(bytesMax),
        ),
    )
    .appendArray([], () => {})
    .appendString('')
    .appendTaggedFields()

function parse(reader: Reader): Map<number, Fetched> {
  reader.readInt32()
  const wholeCode = reader.readInt16()
  if (wholeCode !== errorCode.none) throw new Error(`Kafka does not fetch: ${nameOf(wholeCode)}`)
  reader.readInt32()
  const fetched = new Map<number, Fetched>()
  reader.readArray((r) => {
    r.readString()
    r.readArray((p) => {
      const partition = p.readInt32()
      const code = p.readInt16()
      const end = Number(p.readInt64())
      p.readInt64()
      const start = Number(p.readInt64())
      p.readNullableArray((aborted) => {
        aborted.readInt64()
        aborted.readInt64()
      })
      p.readInt32()
      fetched.set(partition, { code, start, end, records: p.readNullableBytes() ?? none })
    })
  })
  return fetched
}

/** Kafka cuts its answer where the bytes end: what remains of the last batch is left out. */
export function wholeBatches(records: Buffer): Buffer {
  const headBytes = 12
  let end = 0
  while (end + headBytes <= records.length) {
    const size = records.readInt32BE(end + 8) + headBytes
    if (end + size > records.length) break
    end += size
  }
  return records.subarray(0, end)
}
