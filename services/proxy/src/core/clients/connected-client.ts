import type { proxy, state } from '@tern/proto'
import type { Disconnection } from '../../ports.ts'

/** A client that is connected here, whatever protocol it speaks, as operators see it. */
export type ConnectedClient = Readonly<{
  describe(): proxy.Connection
  inflight(): proxy.InflightEntry[]
  /** All that it subscribes to, shared or not. */
  subscriptions(): readonly state.Subscription[]
  /** Its home knows no subscriptions of it: they end with its connection. */
  endsWithConnection: boolean
  /** In flight, by the shared filter through which it has them. */
  unsettled(): ReadonlyMap<string, number>
  /** Unless it is the client's connection no more. */
  disconnected(how: Disconnection): void
}>
