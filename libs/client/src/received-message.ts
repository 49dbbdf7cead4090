import { message, messaging } from '@tern/proto'
import { continueFrom } from './trace-context.ts'

export type Nack = Readonly<{ action: messaging.NackAction; delayMs: number; reason: string }>

export type NackOptions = Readonly<{
  /** retry: again later, to any member of the group; dead-letter: published to $dead/…, then settled; skip: settled. */
  action?: 'retry' | 'dead-letter' | 'skip'
  delayMs?: number
  reason?: string
}>

const actions = {
  retry: messaging.NackAction.RETRY,
  'dead-letter': messaging.NackAction.DEAD_LETTER,
  skip: messaging.NackAction.SKIP,
}

/** A message that was handed out: settled by `ack` or `nack`, once. What is not settled comes again. */
export class ReceivedMessage {
  readonly ackId: string
  readonly messageId: string
  readonly topic: string
  readonly payload: Uint8Array
  /** From 1. */
  readonly attempt: number
  /** Everything else that the region knows of it. */
  readonly message: message.Message
  private readonly settle: (nack: Nack | undefined) => void
  private settled = false

  constructor({ ackId, attempt, message: told }: messaging.Delivery, settle: (nack: Nack | undefined) => void) {
    this.ackId = ackId
    this.attempt = attempt
    this.message = told ?? message.Message.fromPartial({})
    this.messageId = this.message.messageId
    this.topic = this.message.topic
    this.payload = this.message.payload
    this.settle = settle
  }

  text(): string {
    return new TextDecoder().decode(this.payload)
  }

  /** Throws a SyntaxError when the payload is no JSON. */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T
  }

  /** Does the work in the OpenTelemetry context of the publisher: spans of it, and what it publishes, go on with the message's trace. */
  within<T>(work: () => T): T {
    return continueFrom(this.message.traceparent, work)
  }

  /** Also what is acknowledged twice, or too late, does no harm. */
  ack(): void {
    this.end(undefined)
  }

  nack({ action = 'retry', delayMs = 0, reason = '' }: NackOptions = {}): void {
    this.end({ action: actions[action], delayMs, reason })
  }

  private end(nack: Nack | undefined): void {
    if (this.settled) return
    this.settled = true
    this.settle(nack)
  }
}
