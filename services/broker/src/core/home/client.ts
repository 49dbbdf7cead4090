import type { envelope, state } from '@tern/proto'

export type ConnectionNumber = envelope.ConnectionNumber

/** One session as its home knows it. */
export type Session = Readonly<{
  incarnation: ConnectionNumber
  /** The newest connection number given to this client. */
  connection: ConnectionNumber
  expirySeconds: number
  subscriptions: readonly state.Subscription[]
  /** Undefined while connected. */
  disconnectedAtMs: number | undefined
  proxy: number
  /** Which CONNECT of that proxy made the connection. */
  attempt: number
  principal: string
  /** False: it ends with its connection and is known to this process only. */
  durable: boolean
}>

/** A will that is durable, due once `dueAtMs` is there and has come. */
export type Will = Readonly<{ connection: ConnectionNumber; dueAtMs: number | undefined; stored: state.StoredWill }>

/** The newest CONNECT of one proxy that another one took over from, while its answer may still be on the way. */
export type Overtaken = Readonly<{ proxy: number; attempt: number; connection: ConnectionNumber }>

/** All that a home keeps of one client. */
export type Client = Readonly<{
  session: Session | undefined
  cursor: state.Cursor | undefined
  /** Outbound QoS 2 exchanges by packet id. */
  journal: ReadonlyMap<number, state.JournalEntry>
  will: Will | undefined
  /** One of each proxy at most. */
  overtaken: readonly Overtaken[]
}>

export const unknownClient: Client = {
  session: undefined,
  cursor: undefined,
  journal: new Map(),
  will: undefined,
  overtaken: [],
}

export type ClientEvent =
  | Readonly<{ type: 'session-saved'; session: Session }>
  /** With its cursor and its journal. */
  | Readonly<{ type: 'session-ended' }>
  | Readonly<{ type: 'cursor-saved'; cursor: state.Cursor }>
  | Readonly<{ type: 'journal-saved'; entries: readonly state.JournalEntry[] }>
  | Readonly<{ type: 'will-stored'; will: Will }>
  | Readonly<{ type: 'will-removed' }>
  | Readonly<{ type: 'overtaken-saved'; overtaken: readonly Overtaken[] }>

export type ClientEffect =
  | Readonly<{ type: 'opened'; connection: ConnectionNumber; present: boolean }>
  | Readonly<{ type: 'done' }>
  | Readonly<{ type: 'superseded' }>
  | Readonly<{ type: 'refused'; reasonCode: number }>
  /** There is no session. */
  | Readonly<{ type: 'absent' }>
  /** Told to the proxy of an older connection. */
  | Readonly<{ type: 'push-superseded'; proxy: number; connection: ConnectionNumber }>
  /** Likewise, when its session was deleted: it is disconnected. */
  | Readonly<{ type: 'push-deleted'; proxy: number; connection: ConnectionNumber }>
  /**
   * Told to the proxy too: the command is to be decided again once that connection was closed, or after `reportWaitMs`. At once when the
   * proxy cannot be told, unless `patient`.
   */
  | Readonly<{ type: 'await-report'; proxy: number; connection: ConnectionNumber; patient: boolean }>
  /** Published, then removed, then (`again`) the command is decided again. */
  | Readonly<{ type: 'fire-will'; will: Will; again: boolean }>

export function compareNumbers(a: ConnectionNumber, b: ConnectionNumber): number {
  return a.epoch - b.epoch || a.counter - b.counter
}

/** The newest number known of a client: its session's, or its will's when that is all that survived a failover. */
export function newestNumber({ session, will }: Client): ConnectionNumber | undefined {
  return session?.connection ?? will?.connection
}

export const isForgotten = ({ session, will, overtaken }: Client): boolean =>
  session === undefined && will === undefined && overtaken.length === 0

/** Whose death means something to this client. */
export const proxiesOf = ({ session, will, overtaken }: Client): number[] => [
  session?.proxy ?? will?.stored.proxy ?? 0,
  ...overtaken.map(({ proxy }) => proxy),
]
