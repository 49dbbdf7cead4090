import type { Clock } from '@tern/runtime'
import { type Appended, LogError } from '../log.ts'
import type { ClusterView } from './cluster-view.ts'
import { Lane, type Pending } from './lane.ts'
import { type KafkaOptions, kafkaLimits } from './options.ts'
import type { KafkaNode } from './wire/metadata.ts'

/**
 * Batches on their way to the leaders of their partitions: one request is out for each node, with all that gathered for it. What
 * certainly was not written is sent again; what perhaps was is the caller's to find out, since only the log knows.
 */
export class Appender {
  private readonly options: KafkaOptions
  private readonly view: ClusterView
  private readonly clock: Clock
  private readonly lanes = new Map<number, Lane>()
  private closed = false

  constructor(options: KafkaOptions, view: ClusterView) {
    this.options = options
    this.view = view
    this.clock = options.clock
    view.onChange(() => this.leadersChanged())
  }

  append(topic: string, partition: number, batch: Buffer): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const giveUpAt = this.clock.now() + kafkaLimits.patienceMs
      this.route({ topic, partition, batch, giveUpAt, resolve, reject })
    })
  }

  close(): void {
    this.closed = true
    for (const lane of this.lanes.values()) lane.close()
  }

  private route(pending: Pending): void {
    const { topic, partition, reject } = pending
    const leader = this.view.leaderOf(topic, partition)
    if (this.closed) reject(new LogError('refused', 'the connection to Kafka is closed'))
    else if (leader !== undefined) this.laneTo(leader).add(pending)
    else void this.later(pending, 'it has no leader')
  }

  /** Certainly not written: tried again after a look at who leads. */
  private async later(pending: Pending, why: string): Promise<void> {
    const { topic, partition, giveUpAt, reject } = pending
    if (this.clock.now() >= giveUpAt) {
      reject(new LogError('refused', `partition ${partition} of ${topic} takes no records: ${why}`))
      return
    }
    await this.view.refresh([topic])
    this.route(pending)
  }

  private laneTo(node: KafkaNode): Lane {
    const known = this.lanes.get(node.id)
    if (known?.isTo(node)) return known
    known?.close()
    const lane = new Lane(node, this.options, {
      again: (pending, why) => void this.later(pending, why),
      suspect: (topics) => void this.view.refresh(topics),
    })
    this.lanes.set(node.id, lane)
    return lane
  }

  /** A request to a node that leads none of its partitions any more is not waited for. */
  private leadersChanged(): void {
    for (const lane of this.lanes.values()) {
      lane.giveUpWhen(({ topic, partition }) => {
        const leader = this.view.leaderOf(topic, partition)
        return leader !== undefined && !lane.isTo(leader)
      })
    }
  }
}
