import type { Clock, Logger } from '@tern/runtime'
import type { Tracer } from '@tern/telemetry'
import type { WildcardShapes } from '../../core/connection/held-filters.ts'
import type { ProxyCounters } from '../../core/counters.ts'
import type { FanOut } from '../../core/delivery/fan-out.ts'
import type { Ledger } from '../../core/ledger/ledger.ts'
import type { TellTrace } from '../../core/ledger/tell-trace.ts'
import type { GroupHub } from '../../core/shared/group-hub.ts'
import type { Region } from '../../ports.ts'
import type { Connections } from './connections.ts'

/** What all connections of one incarnation of the proxy share. */
export type Context = Readonly<{
  region: Region
  fanOut: FanOut
  groups: GroupHub
  ledger: Ledger
  /** The trace context of a message, told to its publisher with the acknowledgement; undefined: publishers are told nothing. */
  tellTrace?: TellTrace | undefined
  connections: Connections
  counters: ProxyCounters
  tracer: Tracer
  /** Of the filters of all clients here. */
  shapes: WildcardShapes
  clock: Clock
  logger: Logger
  /** A client id for a client that brings none. */
  drawId(): string
}>
