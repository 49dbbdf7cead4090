import type { QoS } from '@tern/mqtt'
import type { Lease } from '../shared/lease.ts'
import type { InFlight } from './in-flight.ts'

/** How a message leaves to one client. */
export type Departure = Readonly<{
  qos: QoS
  retain: boolean
  dup: boolean
  secondsLeft: number | undefined
  retained: boolean
  /** Of an exchange that has begun. */
  entry: InFlight | undefined
  lease: Lease | undefined
}>
