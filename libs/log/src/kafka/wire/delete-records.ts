import { type Reader, Writer } from '@platformatic/kafka'
import { kafkaLimits } from '../options.ts'
import type { Api } from './node-connection.ts'

/** DeleteRecords v2 of one partition: its error code. */
export const deleteRecordsApi: Api<number> = { key: 21, version: 2, parse }

export const deleteRecordsRequest = (topic: string, partition: number, before: number): Writer =>
  Writer.create()
    .appendArray([topic], (writer, name) =>
      writer
        .appendString(name)
        .appendArray([partition], (each, index) => each.appendInt32(index).appendInt64(BigInt(before))),
    )
    .appendInt32(kafkaLimits.produceMs)
    .appendTaggedFields()

function parse(reader: Reader): number {
  let code = 0
  reader.readInt32()
  reader.readArray((r) => {
    r.readString()
    r.readArray((p) => {
      p.readInt32()
      p.readInt64()
      code = p.readInt16()
    })
  })
  return code
}
