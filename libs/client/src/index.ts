import { randomUUID } from 'node:crypto'
import { openChannel } from '@tern/rpc'
import { type Clock, systemClock } from '@tern/runtime'
import { grpcLooking, grpcWire } from './grpc-wire.ts'
import { Tern } from './tern.ts'
import { activeTraceparent } from './trace-context.ts'

export type { QueryOptions, Replayed, ReplayOptions } from './looking-back.ts'
export type { Payload, PublishOptions } from './outgoing-message.ts'
export type { NackOptions, ReceivedMessage } from './received-message.ts'
export type { Subscription } from './subscription.ts'
export type { SubscribeOptions } from './tern.ts'
export { Tern } from './tern.ts'
export { TernError } from './tern-error.ts'

export type ConnectOptions = Readonly<{
  /** host:port of the API, or http://host:port. */
  url: string
  /** Sent as `authorization: Bearer`. */
  token?: string
  /** Publishes as this client. */
  clientId?: string
  /** How long a message may wait for its receipt, over all attempts. */
  publishDeadlineMs?: number
  /** W3C traceparent of what the program does now; that of OpenTelemetry's active span unless told. */
  traceparent?: () => string | undefined
}>

/** A program that waits for its next attempt is not at its end. */
const clock: Clock = {
  ...systemClock,
  after(delay, task) {
    const timeout = setTimeout(task, delay)
    return { cancel: () => clearTimeout(timeout) }
  },
}

/** Nothing is sent before it is used: `connect` neither waits nor fails. */
export function connect(options: ConnectOptions): Tern {
  const { url, token, clientId = '', publishDeadlineMs = 10_000, traceparent = activeTraceparent } = options
  // Streams are opened anew by the client itself, which knows what was acknowledged.
  const channel = openChannel(url.replace(/^https?:\/\//, ''), { retry: false })
  const looking = openChannel(url.replace(/^https?:\/\//, ''))
  const metadata = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return new Tern({
    ...{
      clock,
      clientId,
      publishDeadlineMs,
      wire: grpcWire(channel, metadata),
      looking: grpcLooking(looking, metadata),
      chance: Math.random,
    },
    drawId: () => randomUUID().slice(0, 8),
    activeTraceparent: traceparent,
    closed() {
      channel.close()
      looking.close()
    },
  })
}
