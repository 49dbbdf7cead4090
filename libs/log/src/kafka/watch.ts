import { type Clock, pause } from '@tern/runtime'
import type { OffsetRange } from '../log.ts'
import type { ClusterView } from './cluster-view.ts'
import { type KafkaOptions, kafkaLimits } from './options.ts'
import { fetchApi, fetchRequest } from './wire/fetch.ts'
import { isPassing } from './wire/kafka-error.ts'
import type { KafkaNode } from './wire/metadata.ts'
import { NodeConnection } from './wire/node-connection.ts'

export type WatchWish = Readonly<{
  topic: string
  offsets: () => ReadonlyMap<number, number | undefined>
  grown: (partition: number, range: OffsetRange) => void
}>

/** Only that something came is of interest: Kafka sends one batch at least, whatever it is told. */
const bytesMax = 1

/** A long poll at each node for all that it leads, on a connection of its own. Whoever is told reads by other ways. */
export class Watch {
  private readonly options: KafkaOptions
  private readonly clock: Clock
  private readonly view: ClusterView
  private readonly wish: WatchWish
  private readonly connections = new Map<number, NodeConnection>()
  private cancelled = false

  constructor(options: KafkaOptions, view: ClusterView, wish: WatchWish) {
    this.options = options
    this.clock = options.clock
    this.view = view
    this.wish = wish
    void view.refresh([wish.topic])
    this.look()
  }

  cancel(): void {
    this.cancelled = true
    for (const connection of this.connections.values()) connection.close()
  }

  /** Begins at the nodes that lead something and are not asked yet. */
  private look(): void {
    if (this.cancelled) return
    for (const partition of this.wish.offsets().keys()) {
      const node = this.view.leaderOf(this.wish.topic, partition)
      if (node !== undefined && !this.connections.has(node.id)) void this.follow(node)
    }
    this.clock.after(kafkaLimits.watchWaitMs, () => this.look())
  }

  /** For as long as the node leads something. */
  private async follow(node: KafkaNode): Promise<void> {
    const connection = new NodeConnection(node, this.options, kafkaLimits.watchWaitMs + kafkaLimits.connectMs)
    this.connections.set(node.id, connection)
    while (!this.cancelled) {
      const led = this.ledBy(node)
      if (led.length === 0) break
      await this.poll(connection, led)
    }
    connection.close()
    this.connections.delete(node.id)
  }

  private ledBy(node: KafkaNode): [number, number | undefined][] {
    return [...this.wish.offsets()].filter(([partition]) => this.view.leaderOf(this.wish.topic, partition) === node)
  }

  private async poll(connection: NodeConnection, led: readonly [number, number | undefined][]): Promise<void> {
    const { topic } = this.wish
    const { watchWaitMs, watchWaitBusyMs, watchPauseMs, tailPauseMs } = kafkaLimits
    const from = new Map(led.flatMap(([partition, offset]) => (offset === undefined ? [] : [[partition, offset]])))
    if (from.size === 0) return pause(this.clock, watchWaitBusyMs)
    // What is left out now may be quiet soon.
    const waitMs = from.size < led.length ? watchWaitBusyMs : watchWaitMs
    try {
      const fetched = await connection.ask(fetchApi, () => fetchRequest({ topic, from, bytesMax, waitMs }))
      if (this.cancelled) return
      for (const [partition, { code, start, end }] of fetched) {
        if (isPassing(code)) void this.view.refresh([topic])
        else if (end > (from.get(partition) ?? end)) this.wish.grown(partition, { start, end })
      }
      return pause(this.clock, watchPauseMs)
    } catch {
      // Who reads and appends tells of it; an owner looks by itself now and then.
      await pause(this.clock, tailPauseMs)
      return this.view.refresh([topic])
    }
  }
}
