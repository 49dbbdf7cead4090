import type { state } from '@tern/proto'

/** What became of one delivery, as the ledger last told. */
export type KnownDelivery = Readonly<{
  clientId: string
  filter: string
  outcome: 'written' | 'acked' | 'pending' | 'refused' | 'expired' | 'dropped' | 'interrupted' | 'waiting'
  qos: number
  attempt: number
  reasonCode: number
  reason: string
  startMs: number
  endMs: number
}>

export type KnownSubscription = Readonly<{
  filter: string
  noLocal: boolean
  /** The last position of the message's queue that it does not cover; undefined: it does not reach the queue, or is a shared one. */
  start: number | undefined
}>

export type KnownClient = Readonly<{
  connected: boolean
  /** Milliseconds since 1970; of who is not connected. */
  offlineSinceMs: number | undefined
  subscriptions: readonly KnownSubscription[]
  /** Everything below it in the message's queue has been taken; undefined: not known. */
  takenBelow: number | undefined
  /** The position of the message is above that, and done all the same. */
  settled: boolean
  /** Since when the message itself waits for its acknowledgement; undefined: it does not. */
  inFlightSinceMs: number | undefined
  inFlight: number
  /** How many may be in flight; 0: not known. */
  receiveMaximum: number
}>

export type KnownMessage = Readonly<{
  topic: string
  publisherClientId: string
  qos: number
  storedMs: number
  /** By its expiry interval; undefined: never. */
  expiresAtMs: number | undefined
}>

/** All that can be known about one message and one client. */
export type WhyFacts = Readonly<{
  messageId: string
  clientId: string
  position: number
  nowMs: number
  /** `void`: a repetition, or stale. `passed`: retention took it. */
  verdict: 'message' | 'void' | 'passed'
  /** Of a void one. */
  voidReason?: state.VoidReason
  message: KnownMessage | undefined
  /** Undefined: there is no session of that client. */
  client: KnownClient | undefined
  /** Of the client, and of other members of shared subscriptions. */
  deliveries: readonly KnownDelivery[]
  /** Undefined: no trace service answers. Then little is known of what is over. */
  ledger: 'whole' | 'incomplete' | undefined
}>

export type WhyVerdict = Readonly<{
  answer:
    | 'DELIVERED'
    | 'AWAITING_ACK'
    | 'NOT_MATCHING'
    | 'SUBSCRIBED_LATER'
    | 'FILTERED'
    | 'EXPIRED'
    | 'WINDOW_FULL'
    | 'OFFLINE'
    | 'RETENTION_PASSED'
    | 'OTHER_MEMBER'
    | 'UNKNOWN_CLIENT'
    | 'VOID'
    | 'DROPPED'
    | 'CATCHING_UP'
    | 'SESSION_ENDED'
  /** A sentence with the facts. */
  text: string
  /** What to do or look at next; may be empty. */
  hint: string
  timeMs?: number | undefined
  filter?: string | undefined
}>
