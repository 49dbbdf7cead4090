export const otlpLimits = {
  /** Of one request, packed and unpacked; the standard recommends it. */
  requestBytesMax: 64 * 1024 * 1024,
  /** Of all requests that are being read. */
  requestsBytesMax: 256 * 1024 * 1024,
  /** About as large as a span may be; a larger one is refused alone. */
  spanBytesMax: 1024 * 1024,
  /** Lists and maps inside each other in an attribute. */
  attributeDepthMax: 64,
  connectionsMax: 1_024,
  requestMsMax: 30_000,
  retryAfterSeconds: 5,
} as const
