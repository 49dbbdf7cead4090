import { messaging } from '@tern/proto'
import type { Clock } from '@tern/runtime'
import { durationOf, millisOf } from '../time.ts'
import type { Ending, WireListener, WireStream } from '../wire.ts'
import type { Letter, Mailbox } from './mailbox.ts'

type Request = messaging.SubscribeRequest
type Frame = NonNullable<Request['frame']>

export type SubscriberPorts = Readonly<{
  clock: Clock
  /** The mailbox of who opens a stream so, and the name that the subscriber has; or why there is none. */
  admit(open: messaging.SubscribeRequest_Open): Readonly<{ mailbox: Mailbox; subscriberId: string; refused?: string }>
  deadLetter(letter: Letter, subscriber: string, reason: string): void
  ended(subscriber: FakeSubscriber): void
}>

const ackDeadlineMs = 30_000

/** One Subscribe stream, as the region sees it. What it says is heard a microtask later, as from a socket. */
export class FakeSubscriber implements WireStream<Request> {
  open = messaging.SubscribeRequest_Open.fromPartial({})
  mailbox: Mailbox | undefined
  /** Whether it gave its own subscriber id: its session outlives the stream. */
  isNamed = false
  private readonly listener: WireListener<messaging.SubscribeResponse>
  private readonly ports: SubscriberPorts
  private readonly leases = new Map<string, Letter>()
  private given = 0
  private bytes = 0
  private draining = false
  private over = false

  constructor(listener: WireListener<messaging.SubscribeResponse>, ports: SubscriberPorts) {
    this.listener = listener
    this.ports = ports
  }

  send({ frame }: Request): boolean {
    if (!this.over && frame !== undefined) this.hear(frame)
    return true
  }

  end(): void {
    this.finish(undefined)
  }

  cancel(): void {
    this.finish(undefined)
  }

  /** Its leases are somebody else's from now on. */
  finish(ending: Ending | undefined): void {
    if (this.over) return
    this.over = true
    this.mailbox?.leave(this)
    this.mailbox?.giveBack([...this.leases.values()])
    this.leases.clear()
    this.ports.ended(this)
    queueMicrotask(() => this.listener.ended(ending))
  }

  hasRoom(): boolean {
    if (this.draining || this.over) return false
    const { maxUnackedMessages = 0, maxUnackedBytes = 0 } =
      this.open.flowControl?.$case === 'window' ? this.open.flowControl.value : {}
    return this.leases.size < (maxUnackedMessages || 256) && this.bytes < (maxUnackedBytes || 4 * 1024 * 1024)
  }

  take(letter: Letter): void {
    const ackId = `${++this.given}`
    this.leases.set(ackId, letter)
    this.bytes += letter.message.payload.length
    const { message: told, attempt, topicFilters, isRetained } = letter
    const delivery = { ackId, message: told, attempt, topicFilters: [...topicFilters], retainedReplay: isRetained }
    this.say({
      $case: 'deliveries',
      value: { deliveries: [messaging.Delivery.fromPartial(delivery)] },
    })
  }

  private hear(frame: Frame): void {
    if (frame.$case === 'open') this.opened(frame.value)
    else if (frame.$case === 'ack') this.settle(frame.value.ackIds)
    else if (frame.$case === 'nack') this.nack(frame.value)
    else if (frame.$case === 'drain') this.draining = true
    if (this.draining && this.leases.size === 0) this.finish(undefined)
  }

  private opened(open: messaging.SubscribeRequest_Open): void {
    const { mailbox, subscriberId, refused } = this.ports.admit(open)
    this.open = { ...open, subscriberId }
    this.isNamed = open.subscriberId !== ''
    this.mailbox = mailbox
    const error = refused === undefined ? undefined : { code: 3, message: refused, details: [] }
    const outcomes = open.topicFilters.map((topicFilter) => ({ topicFilter, error }))
    this.say({
      $case: 'opened',
      value: messaging.SubscribeResponse_Opened.fromPartial({
        ...{ subscriberId, outcomes, ackDeadline: open.ackDeadline ?? durationOf(ackDeadlineMs) },
      }),
    })
    if (refused === undefined) mailbox.join(this)
  }

  private settle(ackIds: readonly string[]): Letter[] {
    const letters = ackIds.flatMap((ackId) => this.leases.get(ackId) ?? [])
    for (const ackId of ackIds) this.leases.delete(ackId)
    for (const { message } of letters) this.bytes -= message.payload.length
    this.mailbox?.handOut()
    return letters
  }

  private nack({ ackIds, action, delay, reason }: messaging.SubscribeRequest_Nack): void {
    const letters = this.settle(ackIds)
    const { mailbox } = this
    if (action === messaging.NackAction.DEAD_LETTER) {
      for (const letter of letters) this.ports.deadLetter(letter, this.open.group || this.open.subscriberId, reason)
    } else if (action !== messaging.NackAction.SKIP && letters.length > 0) {
      const delayMs = millisOf(delay, 0)
      if (delayMs > 0) this.ports.clock.after(delayMs, () => mailbox?.giveBack(letters))
      else mailbox?.giveBack(letters)
    }
  }

  private say(frame: NonNullable<messaging.SubscribeResponse['frame']>): void {
    queueMicrotask(() => {
      if (!this.over) this.listener.frame({ frame })
    })
  }
}
