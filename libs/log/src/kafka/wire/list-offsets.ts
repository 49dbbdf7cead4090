import { type Reader, Writer } from '@platformatic/kafka'
import type { Api } from './node-connection.ts'

export type ListedOffset = Readonly<{ code: number; offset: number }>

/** Asked for in place of a time. */
export const earliest = -2
export const latest = -1

/** ListOffsets v7 of one topic, what is committed; by partition. */
export const listOffsetsApi: Api<ReadonlyMap<number, ListedOffset>> = { key: 2, version: 7, parse }

export const listOffsetsRequest = (topic: string, partitions: readonly number[], time: number): Writer =>
  Writer.create()
    .appendInt32(-1)
    .appendInt8(0)
    .appendArray([topic], (writer, name) =>
      writer
        .appendString(name)
        .appendArray([...partitions], (each, partition) =>
          each.appendInt32(partition).appendInt32(-1).appendInt64(BigInt(time)),
        ),
    )
    .appendTaggedFields()

function parse(reader: Reader): Map<number, ListedOffset> {
  reader.readInt32()
  const listed = new Map<number, ListedOffset>()
  reader.readArray((r) => {
    r.readString()
    r.readArray((p) => {
      const partition = p.readInt32()
      const code = p.readInt16()
      p.readInt64()
      listed.set(partition, { code, offset: Number(p.readInt64()) })
      p.readInt32()
    })
  })
  return listed
}
