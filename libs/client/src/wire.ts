import type { messaging } from '@tern/proto'

/** Why a call or stream is over: a gRPC status with its published reason (docs/errors.md). */
export type Ending = Readonly<{ code: string; reason: string; message: string; retryAfterMs?: number | undefined }>

/** One side of a bidirectional stream. Nothing throws; after its end nothing happens. */
export type WireStream<Out> = Readonly<{
  /** False: the transport holds back; wait for `drained`. */
  send(frame: Out): boolean
  /** Nothing more will be said; answers may come still. */
  end(): void
  cancel(): void
}>

export type WireListener<In> = Readonly<{
  frame(frame: In): void
  drained(): void
  /** Once. Undefined: it ended well. */
  ended(ending: Ending | undefined): void
}>

/** What the client needs of a transport; tests have one in memory. */
export type Wire = Readonly<{
  publish(listener: WireListener<messaging.PublishStreamResponse>): WireStream<messaging.PublishStreamRequest>
  subscribe(listener: WireListener<messaging.SubscribeResponse>): WireStream<messaging.SubscribeRequest>
}>

const passing = new Set([
  'UNAVAILABLE',
  'ABORTED',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
  'CANCELLED',
  'UNKNOWN',
  'RESOURCE_EXHAUSTED',
])

/** Whether the same thing may work a moment later, at another proxy. */
export const mayPass = ({ code, reason }: Ending): boolean => passing.has(code) && reason !== 'SUPERSEDED'
