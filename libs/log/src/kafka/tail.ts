import { batches } from '@tern/record'
import { Outage, pause } from '@tern/runtime'
import type { ClusterView } from './cluster-view.ts'
import { type KafkaOptions, kafkaLimits } from './options.ts'
import type { Questions } from './questions.ts'
import { wholeBatches } from './wire/fetch.ts'
import { errorCode } from './wire/kafka-error.ts'
import type { KafkaNode } from './wire/metadata.ts'
import { NodeConnection } from './wire/node-connection.ts'

export type TailWish = Readonly<{
  topic: string
  partition: number
  from: number
  deliver: (batches: Buffer) => void
}>

/** Follows a partition by long polls on a connection of its own: a poll holds up whatever else its connection is asked. */
export class Tail {
  private readonly options: KafkaOptions
  private readonly view: ClusterView
  private readonly questions: Questions
  private readonly wish: TailWish
  private next: number
  private way: Readonly<{ node: KafkaNode; connection: NodeConnection }> | undefined
  private readonly outage: Outage
  private cancelled = false

  constructor(options: KafkaOptions, view: ClusterView, questions: Questions, wish: TailWish) {
    this.options = options
    this.view = view
    this.questions = questions
    this.wish = wish
    this.next = wish.from
    this.outage = new Outage(
      options.logger,
      'a tail of Kafka was interrupted; it is tried again',
      'a tail of Kafka goes on',
    )
    void this.follow()
  }

  cancel(): void {
    this.cancelled = true
    this.way?.connection.close()
  }

  private async follow(): Promise<void> {
    const { clock } = this.options
    const { topic, partition } = this.wish
    while (!this.cancelled) {
      try {
        await this.poll()
        this.outage.worked({ topic, partition })
      } catch (error) {
        if (this.cancelled) return
        this.outage.failed(error, { topic, partition })
        this.way?.connection.close()
        this.way = undefined
        await pause(clock, kafkaLimits.tailPauseMs)
        await this.view.refresh([topic])
      }
    }
  }

  private async poll(): Promise<void> {
    const { topic, partition, deliver } = this.wish
    const node = await this.view.whenLed(topic, partition)
    const { tailBytes: bytesMax, tailWaitMs: waitMs } = kafkaLimits
    const wish = { topic, from: new Map([[partition, this.next]]), bytesMax, waitMs }
    const { code, records } = await this.questions.fetch(node, wish, this.connectionTo(node))
    if (code === errorCode.offsetOutOfRange) {
      const [range] = await this.questions.offsets(topic, [partition])
      // Retention took it, or a new leader does not know yet how far it may tell.
      if (range === undefined || range.start <= this.next) throw new Error(`offset ${this.next} is not there yet`)
      this.next = range.start
      return
    }
    if (code !== errorCode.none) throw new Error(`Kafka's error ${code}`)
    const content = wholeBatches(records)
    if (content.length === 0 || this.cancelled) return
    for (const { lastOffset } of batches(content)) this.next = lastOffset + 1
    deliver(content)
  }

  private connectionTo(node: KafkaNode): NodeConnection {
    if (this.way?.node.host !== node.host || this.way.node.port !== node.port) {
      this.way?.connection.close()
      this.way = { node, connection: new NodeConnection(node, this.options, kafkaLimits.tailWaitMs + 1_500) }
    }
    return this.way.connection
  }
}
