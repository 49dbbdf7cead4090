/** What a stranger may take by HTTP/1.1; what a call may take stands in libs/rpc. */
export const httpLimits = {
  /** A message of 4 MiB in JSON, its bytes in base64. RESOURCE_EXHAUSTED, MESSAGE_TOO_LARGE. */
  bodyBytesMax: 6 * 1024 * 1024,
  /** Of all requests together. RESOURCE_EXHAUSTED, SERVER_BUSY. */
  bodiesBytesMax: 128 * 1024 * 1024,
  /** Path and query. 404. */
  targetCharactersMax: 16 * 1024,
  /** Streams of events at once. RESOURCE_EXHAUSTED, TOO_MANY_WATCHERS. */
  eventStreamsMax: 1_000,
  /** A comment in a stream of events that says nothing, so that nothing between here and there closes it. */
  heartbeatMs: 15_000,
} as const
