import type { InFlight } from './in-flight.ts'
import type { Outgoing } from './outgoing.ts'

/**
 * How messages leave to a client that speaks no MQTT: a stream of the public API. All of them leave at least once, whatever their QoS, and
 * are in flight until the stream settles them or gives them back.
 */
export type Carrier = Readonly<{
  /** Messages that it leaves out are as good as delivered. */
  wants(message: Outgoing): boolean
  /** Also of one that was in flight on an earlier connection: then the entry has an attempt behind it. */
  carry(message: Outgoing, entry: InFlight, filters: readonly string[]): void
}>
