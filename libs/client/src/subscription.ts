import type { messaging } from '@tern/proto'
import type { Clock, Timer } from '@tern/runtime'
import { backoff } from './backoff.ts'
import { type Nack, ReceivedMessage } from './received-message.ts'
import { TernError } from './tern-error.ts'
import { durationOf, millisOf } from './time.ts'
import { type Ending, mayPass, type Wire, type WireStream } from './wire.ts'

export type SubscriptionOptions = Readonly<{
  open: messaging.SubscribeRequest_Open
  clock: Clock
  chance(): number
  onOpened(opened: messaging.SubscribeResponse_Opened): void
  onOver(): void
}>

/** Three heartbeats missed: the other side is gone, whatever the socket says. */
const silenceMaxMs = 45_000
/** Without an id of its own, a subscriber is told one, and its session waits for so long for the next stream. */
const namelessExpiryMs = 60_000
/** A lease is extended so many times within its deadline. */
const extensions = 3

/**
 * Messages of a subscriber, as an async iterable. Leases of what it handed out are extended until it is settled. A broken stream is
 * opened anew with the same subscriber id: what was not settled comes again.
 */
export class Subscription implements AsyncIterable<ReceivedMessage> {
  private readonly wire: Wire
  private readonly options: SubscriptionOptions
  private stream: WireStream<messaging.SubscribeRequest> | undefined
  private subscriberId: string
  /** Handed to nobody yet. */
  private readonly buffer: ReceivedMessage[] = []
  /** Of the present stream, not settled. */
  private readonly leased = new Map<string, ReceivedMessage>()
  private readonly acks: string[] = []
  private deadlineMs = 30_000
  private waiting: PromiseWithResolvers<void> | undefined
  private failure: Error | undefined
  private ending: 'no' | 'draining' | 'over' = 'no'
  private attempt = 0
  private heardAt = 0
  private readonly timers = new Map<string, Timer>()
  private readonly over = Promise.withResolvers<void>()
  private flushing = false

  constructor(wire: Wire, options: SubscriptionOptions) {
    this.wire = wire
    this.options = options
    this.subscriberId = options.open.subscriberId
    this.connect()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage> {
    try {
      while (true) {
        const message = this.buffer.shift()
        if (message !== undefined) {
          yield message
          continue
        }
        if (this.failure !== undefined) throw this.failure
        if (this.ending === 'over') return
        this.waiting ??= Promise.withResolvers<void>()
        await this.waiting.promise
      }
    } finally {
      this.close()
    }
  }

  /** No more messages come; the iteration ends once all that it handed out is settled. */
  drain(): void {
    if (this.ending !== 'no') return
    this.ending = 'draining'
    this.say({ $case: 'drain', value: {} })
  }

  /** Drains, and resolves once it is over. */
  drained(): Promise<void> {
    this.drain()
    return this.over.promise
  }

  close(): void {
    if (this.ending === 'over') return
    this.flushAcks()
    this.ending = 'over'
    for (const timer of this.timers.values()) timer.cancel()
    this.stream?.end()
    this.over.resolve()
    this.options.onOver()
    this.wake()
  }

  private connect(): void {
    const { open, clock } = this.options
    const stream = this.wire.subscribe({
      frame: ({ frame }) => {
        if (this.stream === stream && frame !== undefined) this.frame(frame)
      },
      drained: () => {},
      ended: (ending) => {
        if (this.stream === stream) this.broken(ending)
      },
    })
    this.stream = stream
    this.heardAt = clock.now()
    const sessionExpiry = open.sessionExpiry ?? (open.subscriberId === '' ? durationOf(namelessExpiryMs) : undefined)
    this.say({ $case: 'open', value: { ...open, subscriberId: this.subscriberId, sessionExpiry } })
    this.arm('silence', silenceMaxMs, () => this.lookForSilence())
  }

  private frame(frame: NonNullable<messaging.SubscribeResponse['frame']>): void {
    this.heardAt = this.options.clock.now()
    if (frame.$case === 'opened') this.opened(frame.value)
    else if (frame.$case === 'deliveries') for (const delivery of frame.value.deliveries) this.take(delivery)
    // What is settled goes through; the rest comes again on a stream at another proxy.
    else if (frame.$case === 'moving')
      this.arm('moving', this.options.chance() * millisOf(frame.value.grace, 1_000), () => this.reopen())
  }

  private opened(told: messaging.SubscribeResponse_Opened): void {
    const { subscriberId, ackDeadline, outcomes } = told
    this.attempt = 0
    this.subscriberId = subscriberId
    this.deadlineMs = millisOf(ackDeadline, this.deadlineMs)
    this.arm('extend', this.deadlineMs / extensions, () => this.extend())
    const refused = outcomes.find(({ error }) => error !== undefined)
    if (refused?.error === undefined) {
      this.options.onOpened(told)
      return
    }
    const { message } = refused.error
    this.fail({
      code: 'FAILED_PRECONDITION',
      reason: 'SUBSCRIPTION_REFUSED',
      message: `${refused.topicFilter}: ${message}`,
    })
  }

  private take(delivery: messaging.Delivery): void {
    const received = new ReceivedMessage(delivery, (nack) => this.settle(received, nack))
    this.leased.set(delivery.ackId, received)
    this.buffer.push(received)
    this.wake()
  }

  private settle({ ackId }: ReceivedMessage, nack: Nack | undefined): void {
    // Of an earlier stream: it comes again anyway.
    if (!this.leased.delete(ackId)) return
    if (nack === undefined) this.acks.push(ackId)
    else {
      const { action, delayMs, reason } = nack
      this.say({ $case: 'nack', value: { ackIds: [ackId], action, delay: durationOf(delayMs), reason } })
    }
    if (this.flushing) return
    this.flushing = true
    this.options.clock.soon(() => this.flushAcks())
  }

  private flushAcks(): void {
    this.flushing = false
    if (this.acks.length > 0) this.say({ $case: 'ack', value: { ackIds: this.acks.splice(0) } })
  }

  private extend(): void {
    const ackIds = [...this.leased.keys()]
    if (ackIds.length > 0) {
      this.say({ $case: 'extendDeadline', value: { ackIds, ackDeadline: durationOf(this.deadlineMs) } })
    }
    this.arm('extend', this.deadlineMs / extensions, () => this.extend())
  }

  private lookForSilence(): void {
    const silent = this.options.clock.now() - this.heardAt
    if (silent >= silenceMaxMs) this.reopen()
    else this.arm('silence', silenceMaxMs - silent, () => this.lookForSilence())
  }

  private reopen(): void {
    this.flushAcks()
    const { stream } = this
    this.forget()
    stream?.end()
    if (this.ending === 'no') this.connect()
    else this.close()
  }

  private broken(ending: Ending | undefined): void {
    this.forget()
    if (this.ending !== 'no') {
      this.close()
      return
    }
    if (ending === undefined || mayPass(ending)) {
      this.arm('retry', ending?.retryAfterMs ?? backoff(++this.attempt, this.options.chance()), () => this.connect())
    } else this.fail(ending)
  }

  /** All that the stream had leased to this subscriber is somebody's again. */
  private forget(): void {
    this.stream = undefined
    this.leased.clear()
    this.buffer.length = 0
    this.acks.length = 0
    for (const name of ['extend', 'silence', 'moving']) this.timers.get(name)?.cancel()
  }

  private fail(ending: Ending): void {
    this.failure = new TernError(ending)
    this.close()
  }

  private say(frame: NonNullable<messaging.SubscribeRequest['frame']>): void {
    this.stream?.send({ frame })
  }

  private arm(name: string, delay: number, task: () => void): void {
    this.timers.get(name)?.cancel()
    if (this.ending !== 'over') this.timers.set(name, this.options.clock.after(delay, task))
  }

  private wake(): void {
    const { waiting } = this
    this.waiting = undefined
    waiting?.resolve()
  }
}
