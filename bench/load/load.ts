/** What a benchmark asks of the process that makes the load. */
export type Load = LiveLoad | BacklogLoad | NarrowLoad | HerdLoad | IdleLoad

export type LiveLoad = Readonly<{
  kind: 'live'
  addresses: readonly string[]
  /** Publishers, and as many subscribers; with `fanOut` one publisher and so many subscribers. */
  pairs: number
  fanOut?: boolean
  qos: 0 | 1
  /** Of the subscriptions, when it is another one than that of the messages. */
  subscriberQos?: 0 | 1
  /** Messages that a publisher has unacknowledged; at QoS 0 nothing limits it but the rate. */
  inFlight: number
  /** Messages a second over all publishers; 0: as fast as acknowledgements allow. */
  rate: number
  /** Subscriptions of others, which no message of the load matches. */
  others?: number
  /** Subscribers whose sessions last: what comes while they are away is kept for them. */
  lasting?: boolean
  /** The latency of every so manieth message is taken; 16 unless told. */
  sampleEvery?: number
  warmSeconds: number
  seconds: number
}>

/** A persistent session leaves, `count` messages are stored for it, and it comes back. */
export type BacklogLoad = Readonly<{ kind: 'backlog'; addresses: readonly string[]; count: number }>

/** A persistent session leaves, many messages of others and a few of its own are stored, and it comes back. */
export type NarrowLoad = Readonly<{ kind: 'narrow'; addresses: readonly string[]; others: number; own: number }>

/** So many persistent sessions with a wide filter leave, messages are stored, and all come back at once. */
export type HerdLoad = Readonly<{ kind: 'herd'; addresses: readonly string[]; sessions: number; messages: number }>

/** So many connections that say nothing. */
export type IdleLoad = Readonly<{ kind: 'idle'; addresses: readonly string[]; count: number }>

export type Result = Readonly<{
  published: number
  delivered: number
  seconds: number
  /** Of a message from PUBLISH to its subscriber, sampled; 0 where it says nothing. */
  p50Ms: number
  p99Ms: number
  p999Ms?: number
  /** From the reconnect to the first and to the last message of a session that comes back. */
  firstMs?: number
  lastMs?: number
  lost: number
  outOfOrder: number
}>

/** Between the process that makes the load and the one that measures: what is to be measured begins, then ends with a result. */
export type Report = 'measuring' | Result
