import type { Clock } from '@tern/runtime'
import { type Appended, LogError } from '../log.ts'
import { createPace } from '../pace.ts'
import { type KafkaOptions, kafkaLimits } from './options.ts'
import { signalProduceRequest } from './signals.ts'
import { reasonOf } from './wire/failure-chain.ts'
import { errorCode, fateOf, NotSent, nameOf } from './wire/kafka-error.ts'
import { type KafkaNode, partitionKey } from './wire/metadata.ts'
import { NodeConnection } from './wire/node-connection.ts'
import { type Produced, type ProduceItem, produceApi, produceRequest, recordsIn } from './wire/produce.ts'

/** A batch on its way, and whoever waits for it. */
export type Pending = ProduceItem &
  Readonly<{
    giveUpAt: number
    resolve: (appended: Appended) => void
    reject: (error: LogError) => void
  }>

type LaneConnection = Pick<NodeConnection, 'ask' | 'close' | 'drop'>

/** While a request is out for longer than this, the others are asked whether its node still leads. */
const suspectAfterMs = 500

export type LaneEvents = Readonly<{
  again(pending: Pending, why: string): void
  suspect(topics: readonly string[]): void
}>

/**
 * The requests to one node, one at a time: Kafka reads no second one of a connection before it has answered the first. What one costs
 * it hardly depends on what it holds, so none begins in the turn in which the last one was answered (the queues that were answered
 * have more). Under load none begins soon after the last one began either: a millisecond for each record that this one held, at most
 * `gatherMs`. Whoever sends one record after the other hardly waits.
 */
export class Lane {
  private readonly node: KafkaNode
  private readonly connection: LaneConnection
  private readonly clock: Clock
  private readonly events: LaneEvents
  private readonly depart: () => void
  private gathered: Pending[] = []
  private out: readonly Pending[] = []
  /** Of the last request. */
  private records = 0

  constructor(
    node: KafkaNode,
    options: KafkaOptions,
    events: LaneEvents,
    connection: LaneConnection = new NodeConnection(node, options),
  ) {
    this.node = node
    this.clock = options.clock
    this.connection = connection
    this.events = events
    this.depart = createPace(
      options.clock,
      () => Math.min(options.gatherMs ?? kafkaLimits.gatherMs, this.records),
      () => this.flush(),
    )
  }

  isTo({ id, host, port }: KafkaNode): boolean {
    return this.node.id === id && this.node.host === host && this.node.port === port
  }

  add(pending: Pending): void {
    this.gathered.push(pending)
    if (this.out.length === 0) this.depart()
  }

  close(): void {
    this.connection.close()
  }

  giveUpWhen(isLost: (pending: Pending) => boolean): void {
    if (this.out.length > 0 && this.out.every(isLost)) this.connection.drop()
  }

  private flush(): void {
    if (this.out.length > 0 || this.gathered.length === 0) return
    const out = this.take()
    this.out = out
    this.records = recordsIn(out)
    signalProduceRequest(this.node, out)
    const suspicion = this.suspectLater(out)
    this.connection
      .ask(produceApi, () => produceRequest(out))
      .then(
        (outcomes) => {
          for (const pending of out) this.settle(pending, outcomes.get(partitionKey(pending.topic, pending.partition)))
        },
        (error: unknown) => {
          for (const pending of out) this.fail(pending, error)
        },
      )
      .finally(() => {
        suspicion.cancel()
        this.out = []
        if (this.gathered.length > 0) this.depart()
      })
  }

  /** A request may hold one batch of each partition; callers have one outstanding, so the others are rare. */
  private take(): Pending[] {
    const taken = new Map<string, Pending>()
    const rest: Pending[] = []
    for (const pending of this.gathered) {
      const key = partitionKey(pending.topic, pending.partition)
      if (taken.has(key)) rest.push(pending)
      else taken.set(key, pending)
    }
    this.gathered = rest
    return [...taken.values()]
  }

  private suspectLater(out: readonly Pending[]): { cancel(): void } {
    let timer = this.clock.after(suspectAfterMs, look)
    const { clock, events } = this
    function look(): void {
      events.suspect([...new Set(out.map(({ topic }) => topic))])
      timer = clock.after(suspectAfterMs, look)
    }
    return { cancel: () => timer.cancel() }
  }

  private settle(pending: Pending, outcome: Produced | undefined): void {
    const { topic, partition, resolve, reject } = pending
    if (outcome === undefined) {
      reject(new LogError('unknown', `Kafka did not answer for partition ${partition} of ${topic}`))
      return
    }
    const { code, baseOffset, appendTimeMs, message } = outcome
    if (code === errorCode.none) {
      resolve({ baseOffset, appendTimeMs: appendTimeMs < 0 ? this.clock.now() : appendTimeMs })
      return
    }
    const fate = fateOf(code, baseOffset)
    const why = message === '' ? nameOf(code) : `${nameOf(code)}: ${message}`
    if (fate === 'again') this.events.again(pending, why)
    else reject(new LogError(fate, `Kafka's answer for partition ${partition} of ${topic}: ${why}`))
  }

  private fail(pending: Pending, error: unknown): void {
    const why = `Kafka at ${this.node.host}:${this.node.port}: ${reasonOf(error)}`
    if (error instanceof NotSent) this.events.again(pending, why)
    else pending.reject(new LogError('unknown', why))
  }
}
