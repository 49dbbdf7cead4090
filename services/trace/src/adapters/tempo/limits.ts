/** What one request may cost. Each is answered with words that name it. */
export const tempoLimits = {
  tracesMax: 10_000,
  spansPerSetMax: 100,
  searchMsMax: 30_000,
  /** Counting over time looks at every span of its range, or at those of its end that there was time for, as PARTIAL. */
  countingMsMax: 15_000,
  /** Searches, and samples of tag values, at once; one more is answered with 429. */
  searchesMax: 16,
  /** Of a trace that is larger the first part is sent, as PARTIAL. */
  traceBytesMax: 32 * 1024 * 1024,
  /** Grafana's gRPC client takes 4 MiB unless told. */
  streamMessageBytesMax: 1024 * 1024,
  /** A search ends when what it found is so large. */
  searchBytesMax: 32 * 1024 * 1024,
  tagsMax: 10_000,
  /** Values of a tag under a condition are taken from so many traces, or from what is found in this time. */
  sampledTracesMax: 2_000,
  sampleMsMax: 3_000,
} as const
