import type { envelope, group, home, state } from '@tern/proto'

/** A record of a queue on its way to clients. `body` is Kafka's record layout (libs/record): key, value, headers. */
export type Message = Readonly<{
  queue: number
  position: number
  timeMs: number
  body: Buffer
  /** Of a record that a group has: how often a member had it before, as far as its owner knows. */
  earlier?: number
}>

/** What a client wrote. `topic` null: a QoS 2 release marker, which goes to the queue where the exchange is open. */
export type OutgoingRecord = Readonly<{
  topic: string | null
  payload: Uint8Array
  /** Without producer and sequence: the region numbers it (rule 1). */
  envelope: envelope.Envelope
}>

export type AppendResult =
  /**
   * `position`: where it stands in its queue; -1 when the owner does not know it, since the record was sent again. `repeated`: it was
   * there before, by its publisher.
   */
  | Readonly<{ verdict: 'stored'; position: number; repeated?: boolean }>
  /** The client has a newer connection: this one closes with 0x8E. */
  | Readonly<{ verdict: 'superseded' }>
  | Readonly<{ verdict: 'refused'; reasonCode: number }>

export type ReadFilter = Readonly<{ filter: string; start: number }>

/** Covers every position from `first` to `last`; what matched in it is in `messages`, in order. */
export type Covered = Readonly<{ queue: number; first: number; last: number; messages: readonly Message[] }>

/** One connection of a session, as it takes records of groups for good. */
export type Taker = Readonly<group.GroupTaker>

export type TakenPosition = Readonly<{ group: string; position: number }>

/** `reasonCode`: MQTT's. */
export type Disconnection = Readonly<{
  connection: envelope.ConnectionNumber
  reasonCode: number
  reason: string
}>

export type RegionListener = Readonly<{
  /**
   * Ranges of one queue follow one another without hole or overlap, across reconnects and changes of owner as well. Gives the number
   * of times that a message was offered to a client.
   */
  covered(range: Covered): number
  /** The connection with this number, and lower ones, of the client are over (0x8E). */
  superseded(clientId: string, connection: envelope.ConnectionNumber): void
  /** An operator ends the connection with this number, if the client still has it. */
  disconnected(clientId: string, how: Disconnection): void
  /** Records of a shared subscription that this proxy has now: each is settled or given back (D10). */
  leased(queue: number, group: string, messages: readonly Message[]): void
  /** The home of these queues has moved: live connections whose client hashes to one are announced to it, clean ones first. */
  homeMoved(queue: number): void
  /** Whether the client has a connection here, open or under way. */
  connected(clientId: string): boolean
}>

/** All that the brokers of the region do for the clients of this proxy. Nothing here gives up while a queue has no owner: it waits. */
export type Region = Readonly<{
  /** This proxy's incarnation. */
  proxy: number
  queues: number
  /** Topic to queue, and client id to home. */
  queueOf(key: string): number
  listen(listener: RegionListener): void
  /** Answers come in order for each queue; never when this process is declared dead. */
  append(queue: number, record: OutgoingRecord, answer: (result: AppendResult) => void): void
  /** False while the window of (this proxy, queue) is full: whoever has a record for it stops reading its socket. */
  hasRoom(queue: number): boolean
  /** Calls back once, when the window has room again. */
  whenRoom(queue: number, then: () => void): void
  /** Open inbound QoS 2 exchanges of a session, over all queues: packet id to queue. Settles when every owner has answered. */
  openExchanges(clientId: string, session: envelope.ConnectionNumber): Promise<ReadonlyMap<number, number>>
  /** The greatest sequence that is stored of a publisher (rule 8), over all queues; 0: none is known. Settles when every owner has answered. */
  publishedThrough(publisher: string): Promise<number>
  /** Repeated at the new home until answered: the answer is OK, SUPERSEDED or REFUSED. */
  callHome(clientId: string, call: NonNullable<home.HomeCall['call']>): Promise<home.HomeAnswer>
  /**
   * Counts one more client for the filter, and resolves with the last position of each queue that it can reach (D2):
   * matching records above it are covered with their messages. Each call is taken back by one `removeInterest`.
   */
  addInterest(filter: string): Promise<readonly state.QueuePosition[]>
  removeInterest(filter: string): void
  /** Before a client subscribes to a shared subscription: resolves once it is there in every queue that it reaches, or with the reason code of its refusal. */
  makeGroup(group: string): Promise<number | undefined>
  /**
   * Says how many records of a shared subscription ("$share/<name>/<filter>") this proxy can hold in each queue that it
   * reaches; 0: it has no member any more. Resolves once the group is durable everywhere.
   */
  joinGroup(group: string, credit: number): Promise<void>
  settleLease(queue: number, group: string, position: number): void
  /** `unused`: no member had it. */
  returnLease(queue: number, group: string, position: number, how: 'returned' | 'unused'): void
  /** Makes a leased record one session's for good, before its PUBLISH of QoS 2. `refused`: the lease is not this proxy's any more. */
  takeLease(queue: number, group: string, position: number, taker: Taker): Promise<'taken' | 'refused' | 'superseded'>
  /** Resolves once it is durable that the taken record is over. */
  endTaken(queue: number, group: string, position: number, taker: Taker): Promise<void>
  /** Says what the session has taken in the queue and not ended, now and after each change of its owner, until `detachTaker`. */
  attachTaker(queue: number, taker: Taker, listed: (taken: readonly TakenPosition[]) => void): void
  detachTaker(queue: number, taker: Taker): void
  /** The queues that a filter, shared or not, can reach. */
  queuesOf(filter: string): readonly number[]
  /** The position after the last one that `covered` told of for the queue. */
  next(queue: number): number
  /** Catch-up for one session; without filters it reads every message. An empty range has last = first - 1. `gap`: retention took what lies before `first` (D12). */
  read(queue: number, from: number, filters: readonly ReadFilter[]): Promise<Covered & Readonly<{ gap: boolean }>>
  /** A page of retained messages for a filter, in byte order of topics; values newer than the queue's start are left out (D2). */
  retained(
    queue: number,
    filter: string,
    through: number,
    afterTopic: string,
  ): Promise<Readonly<{ messages: readonly Message[]; nextAfterTopic: string }>>
}>
