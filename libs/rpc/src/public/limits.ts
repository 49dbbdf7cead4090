/** What a stranger may take of a public port; each limit has an answer, which stands beside it. */
export const publicLimits = {
  /** One message, packed or unpacked. RESOURCE_EXHAUSTED, MESSAGE_TOO_LARGE. */
  messageBytesMax: 4 * 1024 * 1024,
  /** Of messages of all calls that have come in part. RESOURCE_EXHAUSTED, SERVER_BUSY. */
  partialBytesMax: 256 * 1024 * 1024,
  /** Names and values of a call's metadata together. RESOURCE_EXHAUSTED, METADATA_TOO_LARGE; above the double the stream is reset. */
  metadataBytesMax: 16 * 1024,
  metadataCountMax: 128,
  /** Calls at once on one connection; the client's library lets further ones wait. */
  streamsPerConnectionMax: 256,
  /** Connections of one listener. Further ones are closed at once. */
  connectionsMax: 20_000,
  /** What a connection may buffer in the HTTP/2 layer, in megabytes. Its streams are refused. */
  sessionMegabytesMax: 16,
  /** Bytes that a client may send ahead on a stream, and on a connection. Then it waits. */
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 4 * 1024 * 1024,
  /** Calls that a client cancels on a connection: a burst, then so many a second. GOAWAY. All calls at once may run out of time. */
  resetBurst: 1_000,
  resetsPerSecond: 100,
  /** PING and SETTINGS frames. GOAWAY, ENHANCE_YOUR_CALM. */
  controlFrameBurst: 2_000,
  controlFramesPerSecond: 200,
  /** How long the first bytes of a connection, the headers of an HTTP request, and its body may take. Closed; 408 for the latter. */
  firstBytesMs: 10_000,
  headersMs: 10_000,
  bodyMs: 30_000,
  /** A unary request that is not whole by then. INVALID_ARGUMENT, REQUEST_INCOMPLETE. */
  unaryRequestMs: 30_000,
  /** A deadline beyond it counts as this. */
  unaryDeadlineMsMax: 120_000,
  streamDeadlineMsMax: 24 * 60 * 60 * 1_000,
  /** A silent connection is asked whether it lives, and closed when it does not say so in time. */
  keepaliveMs: 60_000,
  keepaliveAnswerMs: 20_000,
  /** Without a call for so long a connection is told to go. */
  idleConnectionMs: 15 * 60_000,
} as const

export type PublicLimits = { readonly [K in keyof typeof publicLimits]: number }
