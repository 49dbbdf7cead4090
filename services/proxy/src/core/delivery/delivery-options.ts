import type { ProtocolVersion } from '@tern/mqtt'
import type { state } from '@tern/proto'
import type { Clock } from '@tern/runtime'
import type { Region, Taker } from '../../ports.ts'
import type { ProxyCounters } from '../counters.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { GroupHub } from '../shared/group-hub.ts'
import type { Carrier } from './carrier.ts'
import type { FanOut } from './fan-out.ts'

/** What one session's delivery needs of its surroundings, and what is known of the session. */
export type DeliveryOptions = Readonly<{
  fanOut: FanOut
  groups: GroupHub
  region: Region
  clock: Clock
  ledger: Ledger
  counters: ProxyCounters
  clientId: string
  /** The session and its connection, for what it takes of groups. */
  taker: Taker
  version: ProtocolVersion
  /** As the client said in CONNECT. */
  receiveMaximum: number
  packetBytesMax: number
  topicAliasMaximum: number
  /** The session survives its connection: outbound QoS 2 is journalled at the home. */
  journalled: boolean
  /** Of the session that is resumed. */
  cursor?: state.Cursor
  journal: readonly state.JournalEntry[]
  /** It goes on after an earlier connection: nothing is sent before `resume`. */
  present: boolean
  /** In place of MQTT packets. */
  carrier?: Carrier | undefined
  send(bytes: Buffer): void
  /** The socket takes more without piling up. */
  writable(): boolean
  writeJournal(entries: state.JournalEntry[], done: (ok: boolean) => void): void
  /** Soon, and not at the next tick: many exchanges wait for a durable cursor. */
  checkpointWanted(): void
  /** The client has a newer connection. */
  onSuperseded(): void
  /** Retention took what lies between before the session had it (D12). */
  onGap(queue: number, first: number, last: number): void
}>
