import type { ClientPacket, ServerPacket } from '@tern/mqtt'
import type { envelope } from '@tern/proto'
import type { ClientEventKind } from '../../core/clients/client-events.ts'
import type { Carrier } from '../../core/delivery/carrier.ts'
import type { InFlightTotals } from '../../core/delivery/in-flight-totals.ts'
import type { Context } from './context.ts'

/** A client's connection as its session sees it: a socket that speaks MQTT, or a stream of the public API. */
export interface SessionConnection {
  readonly context: Context
  readonly isClosed: boolean
  /** The greatest packet that the client takes [MQTT5-3.1.2-24]. */
  readonly packetBytesMax: number
  /** When the client said something last. */
  readonly heardAt?: number
  /** Of a stream: how messages leave. */
  readonly carrier?: Carrier
  send(packet: ServerPacket): void
  /** A packet that is encoded already. */
  write(bytes: Buffer): void
  /** It takes more without piling up. */
  isWritable(): boolean
  /** The server ends it, and the will applies. */
  close(code: number, why: string): void
  /** The client said goodbye. */
  left(willApplies: boolean, expirySeconds: number | undefined): void
  /** Nothing more of the client is handled until `unblock`. */
  block(): void
  unblock(): void
  /** For operators. */
  note?(kind: ClientEventKind, reason: string, code: number): void
  /** The packet is handled again once there is room in the queue; of a connection whose client publishes on it. */
  holdUntilRoom?(packet: ClientPacket, queue: number): void
}

/** A client's connection as those see it who look after all of them. */
export interface Connection extends SessionConnection {
  readonly clientId: string | undefined
  superseded(number: envelope.ConnectionNumber): void
  announce(queue: number): void
  /** At once, and without a word to anybody. */
  destroy(why: string): void
  tick(now: number, totals: InFlightTotals): void
}
