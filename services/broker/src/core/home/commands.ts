import type { home } from '@tern/proto'
import type { ConnectionNumber } from './client.ts'

/** What the world asks of one client's home. `now`: milliseconds since the Unix epoch. */
export type ClientCommand =
  | Readonly<{
      type: 'open'
      clientId: string
      request: home.OpenSession
      proxy: number
      /** Drawn for this decision: higher than all given before. */
      number: ConnectionNumber
      /** Whether the old connection's proxy can still report how it ended. */
      reportPossible: boolean
      sessionsFull: boolean
      now: number
    }>
  | Readonly<{ type: 'subscribe'; request: home.Subscribe }>
  | Readonly<{ type: 'unsubscribe'; request: home.Unsubscribe }>
  | Readonly<{ type: 'checkpoint'; request: home.Checkpoint }>
  | Readonly<{ type: 'journal'; request: home.Journal }>
  | Readonly<{ type: 'close'; request: home.CloseConnection; now: number }>
  /** `ended`: the newest number of this client whose session is known to have ended here. */
  | Readonly<{ type: 'announce'; request: home.Announce; proxy: number; ended: ConnectionNumber | undefined }>
  /** An operator ends the session, connected or not. */
  | Readonly<{ type: 'delete'; now: number }>
  /** The recorded death of a proxy incarnation. */
  | Readonly<{ type: 'proxy-died'; proxy: number; now: number }>
  /** Time has passed. */
  | Readonly<{ type: 'due'; now: number }>
  | Readonly<{ type: 'will-published'; connection: ConnectionNumber }>
