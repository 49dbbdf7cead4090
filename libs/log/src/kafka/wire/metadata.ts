import { type Reader, Writer } from '@platformatic/kafka'
import type { Api } from './node-connection.ts'

export type KafkaNode = Readonly<{ id: number; host: string; port: number; rack: string }>
/** A topic that was made anew has another id, and counts its epochs anew. */
export type Leader = Readonly<{ topicId: string; node: number; epoch: number }>
export type Metadata = Readonly<{ nodes: readonly KafkaNode[]; leaders: ReadonlyMap<string, Leader> }>

export const partitionKey = (topic: string, partition: number): string => `${topic}/${partition}`

/** What two nodes say together: of each partition the newer epoch counts. */
export function newestOf(
  known: ReadonlyMap<string, Leader>,
  heard: ReadonlyMap<string, Leader>,
): ReadonlyMap<string, Leader> {
  const newest = new Map(known)
  for (const [partition, leader] of heard) {
    const before = known.get(partition)
    if (before?.topicId !== leader.topicId || before.epoch <= leader.epoch) newest.set(partition, leader)
  }
  return newest
}

/** Metadata v12: nodes with their racks, and the leader of each partition of the topics; -1 while it has none. */
export const metadataApi: Api<Metadata> = { key: 3, version: 12, parse }

export const metadataRequest = (topics: readonly string[]): Writer =>
  Writer.create()
    .appendArray([...topics], (writer, topic) => writer.appendUUID(null).appendString(topic))
    // Neither makes topics by itself nor asks for rights.
    .appendBoolean(false)
    .appendBoolean(false)
    .appendTaggedFields()

function parse(reader: Reader): Metadata {
  reader.readInt32()
  const nodes = reader.readArray((r) => ({
    id: r.readInt32(),
    host: r.readString(),
    port: r.readInt32(),
    rack: r.readNullableString() ?? '',
  }))
  reader.readNullableString()
  reader.readInt32()
  const leaders = new Map<string, Leader>()
  reader.readArray((r) => {
    r.readInt16()
    const topic = r.readNullableString() ?? ''
    const topicId = r.readUUID()
    r.readBoolean()
    r.readArray((p) => {
      p.readInt16()
      const partition = p.readInt32()
      const leader = { topicId, node: p.readInt32(), epoch: p.readInt32() }
      for (let list = 0; list < 3; list++) p.readArray((each) => each.readInt32(), true, false)
      leaders.set(partitionKey(topic, partition), leader)
    })
    r.readInt32()
  })
  return { nodes, leaders }
}
