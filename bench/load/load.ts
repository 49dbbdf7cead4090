/** What a benchmark asks of the process that makes the load. */
export type Load = LiveLoad | BacklogLoad | IdleLoad

export type LiveLoad = Readonly<{
  kind: 'live'
  addresses: readonly string[]
  /** Publishers, and as many subscribers; with `fanOut` one publisher and so many subscribers. */
  pairs: number
  fanOut?: boolean
  qos: 0 | 1
  /** Messages that a publisher has unacknowledged; at QoS 0 nothing limits it but the rate. */
  inFlight: number
  /** Messages a second over all publishers; 0: as fast as acknowledgements allow. */
  rate: number
  /** Subscriptions of others, which no message of the load matches. */
  others?: number
  warmSeconds: number
  seconds: number
}>

/** A persistent session leaves, `count` messages are stored for it, and it comes back. */
export type BacklogLoad = Readonly<{ kind: 'backlog'; addresses: readonly string[]; count: number }>

/** So many connections that say nothing. */
export type IdleLoad = Readonly<{ kind: 'idle'; addresses: readonly string[]; count: number }>

export type Result = Readonly<{
  published: number
  delivered: number
  seconds: number
  /** Of a message from PUBLISH to its subscriber, sampled; 0 where it says nothing. */
  p50Ms: number
  p99Ms: number
  lost: number
  outOfOrder: number
}>

/** Between the process that makes the load and the one that measures: what is to be measured begins, then ends with a result. */
export type Report = 'measuring' | Result
