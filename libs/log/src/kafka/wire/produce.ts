import { type Reader, Writer } from '@platformatic/kafka'
import { kafkaLimits } from '../options.ts'
import { partitionKey } from './metadata.ts'
import type { Api } from './node-connection.ts'

export type Produced = Readonly<{ code: number; baseOffset: number; appendTimeMs: number; message: string }>
export type ProduceItem = Readonly<{ topic: string; partition: number; batch: Buffer }>

/** Produce v9, acks=all: outcomes by partition key. */
export const produceApi: Api<ReadonlyMap<string, Produced>> = { key: 0, version: 9, parse }

const acksAll = -1

/** Where a record batch v2 says how many records it has. */
const recordCountAt = 57

export const recordsIn = (items: readonly ProduceItem[]): number =>
  items.reduce((sum, { batch }) => sum + batch.readInt32BE(recordCountAt), 0)

/** Ready-made batches of several partitions, at most one of each; they are not encoded again. */
export function produceRequest(items: readonly ProduceItem[]): Writer {
  const byTopic = Map.groupBy(items, ({ topic }) => topic)
  return Writer.create()
    .appendString(null)
    .appendInt16(acksAll)
    .appendInt32(kafkaLimits.produceMs)
    .appendArray([...byTopic], (writer, [topic, ofTopic]) =>
      writer
        .appendString(topic)
        .appendArray([...ofTopic], (each, { partition, batch }) => each.appendInt32(partition).appendBytes(batch)),
    )
    .appendTaggedFields()
}

function parse(reader: Reader): Map<string, Produced> {
  const outcomes = new Map<string, Produced>()
  reader.readArray((r) => {
    const topic = r.readString()
    r.readArray((p) => {
      const partition = p.readInt32()
      const code = p.readInt16()
      const baseOffset = Number(p.readInt64())
      const appendTimeMs = Number(p.readInt64())
      p.readInt64()
      const told: string[] = []
      p.readArray((each) => {
        each.readInt32()
        told.push(each.readNullableString() ?? '')
      })
      const message = p.readNullableString() ?? told.join(', ')
      outcomes.set(partitionKey(topic, partition), { code, baseOffset, appendTimeMs, message })
    })
  })
  return outcomes
}
