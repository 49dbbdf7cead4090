import { addressOf, type Clock, pause } from '@tern/runtime'
import { LogError } from '../log.ts'
import { type KafkaOptions, kafkaLimits } from './options.ts'
import { reasonOf } from './wire/failure-chain.ts'
import {
  type KafkaNode,
  type Leader,
  type Metadata,
  metadataApi,
  metadataRequest,
  newestOf,
  partitionKey,
} from './wire/metadata.ts'
import { NodeConnection } from './wire/node-connection.ts'

const askMs = 1_000

/** Who leads which partition, as the nodes of the cluster say. */
export class ClusterView {
  private readonly options: KafkaOptions
  private readonly clock: Clock
  private readonly topics = new Set<string>()
  private readonly seeds: NodeConnection[]
  private readonly known = new Map<number, Readonly<{ node: KafkaNode; connection: NodeConnection }>>()
  private leaders: ReadonlyMap<string, Leader> = new Map()
  private refreshing: Promise<void> | undefined
  /** Who has not answered yet is not asked again. */
  private readonly asking = new Set<NodeConnection>()
  private readonly watchers = new Set<() => void>()
  /** Why nothing was heard, while that is so. */
  private silence = ''
  private zonesStaleAt = 0
  private closed = false

  constructor(options: KafkaOptions) {
    this.options = options
    this.clock = options.clock
    this.seeds = options.bootstrap.map((address) => new NodeConnection(addressOf(address), options, askMs))
  }

  /** The node that leads the partition as far as is known; undefined while nobody does. */
  leaderOf(topic: string, partition: number): KafkaNode | undefined {
    const leader = this.leaders.get(partitionKey(topic, partition))
    return leader && this.known.get(leader.node)?.node
  }

  /** Waits until the partition has a leader; rejects with `unknown` when it has none for long. */
  async whenLed(topic: string, partition: number): Promise<KafkaNode> {
    const giveUpAt = this.clock.now() + kafkaLimits.patienceMs
    for (;;) {
      const leader = this.leaderOf(topic, partition)
      if (leader !== undefined) return leader
      if (this.closed || this.clock.now() >= giveUpAt) {
        throw new LogError('unknown', `partition ${partition} of ${topic} has no leader${this.silence}`)
      }
      await this.refresh([topic])
    }
  }

  /** Asks again, once for all that want to know now. Resolves also when nobody answered. */
  refresh(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.topics.add(topic)
    this.refreshing ??= this.askAround().finally(() => {
      this.refreshing = undefined
    })
    return this.refreshing
  }

  /** The racks of the leaders, by partition; looks anew now and then, so that a later call knows. */
  leaderZones(topic: string): (string | undefined)[] {
    if (this.clock.now() >= this.zonesStaleAt) {
      this.zonesStaleAt = this.clock.now() + kafkaLimits.zonesEveryMs
      void this.refresh([topic])
    }
    const zones: (string | undefined)[] = []
    for (let partition = 0; this.leaders.has(partitionKey(topic, partition)); partition++) {
      zones.push(this.leaderOf(topic, partition)?.rack)
    }
    return zones
  }

  onChange(watcher: () => void): void {
    this.watchers.add(watcher)
  }

  close(): void {
    this.closed = true
    for (const seed of this.seeds) seed.close()
    for (const { connection } of this.known.values()) connection.close()
  }

  private async askAround(): Promise<void> {
    const known = [...this.known.values()].map(({ connection }) => connection)
    if (!(await this.anyAnswers(known))) await this.anyAnswers(this.seeds)
    // Nobody asks more often than this.
    await pause(this.clock, kafkaLimits.leaderEveryMs)
  }

  /**
   * All are asked at once: one may stand still, and while a failover is under way one may not know yet what another does. True with the
   * first answer; the others are taken as they come.
   */
  private async anyAnswers(nodes: readonly NodeConnection[]): Promise<boolean> {
    try {
      await Promise.any(nodes.filter((node) => !this.asking.has(node)).map((node) => this.ask(node)))
      this.silence = ''
      return true
    } catch (error) {
      const [reason = error] = (error as AggregateError).errors
      this.silence = `, as far as is known: Kafka does not answer (${reasonOf(reason)})`
      return false
    }
  }

  private async ask(node: NodeConnection): Promise<void> {
    this.asking.add(node)
    try {
      this.take(await node.ask(metadataApi, () => metadataRequest([...this.topics])))
    } finally {
      this.asking.delete(node)
    }
  }

  private take({ nodes, leaders }: Metadata): void {
    if (this.closed) return
    for (const node of nodes) {
      const { host, port } = this.known.get(node.id)?.node ?? {}
      if (host === node.host && port === node.port) continue
      this.known.get(node.id)?.connection.close()
      this.known.set(node.id, { node, connection: new NodeConnection(node, this.options, askMs) })
    }
    this.leaders = newestOf(this.leaders, leaders)
    for (const watcher of this.watchers) watcher()
  }
}
