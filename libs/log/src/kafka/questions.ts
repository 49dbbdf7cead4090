import type { Clock } from '@tern/runtime'
import { LogError, type OffsetRange, type ReadResult } from '../log.ts'
import type { ClusterView } from './cluster-view.ts'
import { type KafkaOptions, kafkaLimits } from './options.ts'
import { deleteRecordsApi, deleteRecordsRequest } from './wire/delete-records.ts'
import { type Fetched, type FetchWish, fetchApi, fetchRequest, wholeBatches } from './wire/fetch.ts'
import { errorCode, isPassing, nameOf } from './wire/kafka-error.ts'
import { earliest, type ListedOffset, latest, listOffsetsApi, listOffsetsRequest } from './wire/list-offsets.ts'
import { type KafkaNode, partitionKey } from './wire/metadata.ts'
import { NodeConnection } from './wire/node-connection.ts'

/** Passing failures are asked again; inside, this says so. */
class Passing extends Error {}

/** Reads and offsets, from the leaders, apart from the connections that append. */
export class Questions {
  private readonly options: KafkaOptions
  private readonly view: ClusterView
  private readonly clock: Clock
  private readonly connections = new Map<string, NodeConnection>()
  /**
   * The greatest end that was told of each partition. A new leader may not know yet that its newest records are committed and
   * would answer with less (KIP-207): then it is asked again, so that nobody takes "nothing there" for "all read".
   */
  private readonly told = new Map<string, number>()
  private closed = false

  constructor(options: KafkaOptions, view: ClusterView) {
    this.options = options
    this.view = view
    this.clock = options.clock
  }

  async offsets(topic: string, partitions: readonly number[]): Promise<OffsetRange[]> {
    const [starts, ends] = await Promise.all([
      this.list(topic, partitions, earliest),
      this.list(topic, partitions, latest),
    ])
    return partitions.map((partition) => ({ start: starts.get(partition) ?? 0, end: ends.get(partition) ?? 0 }))
  }

  async offsetAt(topic: string, partition: number, timeMs: number): Promise<number> {
    const found = (await this.list(topic, [partition], timeMs)).get(partition) ?? -1
    if (found >= 0) return found
    return (await this.list(topic, [partition], latest)).get(partition) ?? 0
  }

  async read(topic: string, partition: number, from: number, bytesMax: number): Promise<ReadResult> {
    const wish = { topic, from: new Map([[partition, from]]), bytesMax, waitMs: 0 }
    const fetched = await this.patiently(topic, async () => {
      const answer = await this.fetch(await this.view.whenLed(topic, partition), wish)
      const outside = answer.code === errorCode.offsetOutOfRange || from > answer.end
      if (outside || answer.records.length === 0) {
        // A new leader may not know yet how far its records are committed: it fetches nothing and lists no end (KIP-207).
        const [range] = await this.offsets(topic, [partition])
        if (range === undefined || (from >= range.start && from < range.end)) throw new Passing('not committed yet')
        if (outside && from !== range.end) {
          throw new LogError('out-of-range', `${from} is not in partition ${partition} of ${topic}`, range)
        }
        return { ...range, records: answer.records }
      }
      return answer
    })
    this.tell(partitionKey(topic, partition), fetched.end)
    return { batches: wholeBatches(fetched.records), start: fetched.start, end: fetched.end }
  }

  /** One partition, once, from the node; rejects when it could not be asked, or is not the leader. */
  async fetch(node: KafkaNode, wish: FetchWish, by = this.connectionTo(node)): Promise<Fetched> {
    const [fetched] = (await by.ask(fetchApi, () => fetchRequest(wish))).values()
    if (fetched === undefined) throw new Passing('no answer for the partition')
    if (isPassing(fetched.code)) throw new Passing(nameOf(fetched.code))
    return fetched
  }

  async trim(topic: string, partition: number, before: number): Promise<void> {
    await this.patiently(topic, async () => {
      const leader = await this.view.whenLed(topic, partition)
      const code = await this.connectionTo(leader).ask(deleteRecordsApi, () =>
        deleteRecordsRequest(topic, partition, before),
      )
      if (isPassing(code)) throw new Passing(nameOf(code))
      if (code !== errorCode.none) throw new LogError('unknown', `Kafka did not trim ${topic}: ${nameOf(code)}`)
    })
  }

  close(): void {
    this.closed = true
    for (const connection of this.connections.values()) connection.close()
  }

  /** One question to each leader of some of the partitions. */
  private async list(topic: string, partitions: readonly number[], time: number): Promise<Map<number, number>> {
    const found = new Map<number, number>()
    await this.patiently(topic, async () => {
      const missing = partitions.filter((partition) => !found.has(partition))
      const leaders = await Promise.all(missing.map((partition) => this.view.whenLed(topic, partition)))
      const byNode = Map.groupBy(missing, (_, i) => leaders[i] as KafkaNode)
      const answers = [...byNode].map(async ([node, asked]) => {
        const connection = this.connectionTo(node)
        const listed = await connection.ask(listOffsetsApi, () => listOffsetsRequest(topic, asked, time))
        for (const [partition, each] of listed) this.takeListed(topic, partition, each, time, found)
      })
      await Promise.all(answers)
      if (found.size < partitions.length) throw new Passing()
    })
    return found
  }

  private takeListed(
    topic: string,
    partition: number,
    { code, offset }: ListedOffset,
    time: number,
    found: Map<number, number>,
  ): void {
    if (isPassing(code)) return
    if (code !== errorCode.none) throw new LogError('unknown', `offsets of ${topic}/${partition}: ${nameOf(code)}`)
    const key = partitionKey(topic, partition)
    if (time === latest) {
      if (offset < (this.told.get(key) ?? 0)) return
      this.tell(key, offset)
    }
    found.set(partition, offset)
  }

  private tell(key: string, end: number): void {
    if (end > (this.told.get(key) ?? 0)) this.told.set(key, end)
  }

  private connectionTo({ host, port }: KafkaNode): NodeConnection {
    const key = `${host}:${port}`
    let connection = this.connections.get(key)
    if (connection === undefined) {
      connection = new NodeConnection({ host, port }, this.options, kafkaLimits.produceMs)
      this.connections.set(key, connection)
    }
    return connection
  }

  /** What only asks may be asked again: after a look at who leads. */
  private async patiently<Answer>(topic: string, ask: () => Promise<Answer>): Promise<Answer> {
    const giveUpAt = this.clock.now() + kafkaLimits.patienceMs
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        if (error instanceof LogError) throw error
        if (this.closed || this.clock.now() >= giveUpAt)
          throw new LogError('unknown', `Kafka does not answer: ${error}`)
        await this.view.refresh([topic])
      }
    }
  }
}
