export type TraceConfig = Readonly<{
  zone: string
  /** Drawn at random for each incarnation: one at the start, another after having been declared dead. */
  nonce(): string
  /** host:port of every nameserver. */
  nameservers: readonly string[]
  /** Where proxies bring blocks and ask, host:port; port 0 takes a free one. */
  listen: string
  /** host:port of Tempo's API for Grafana, and of OTLP; none: not served. */
  tempo: readonly string[]
  otlpGrpc: readonly string[]
  otlpHttp: readonly string[]
  /** 32 hex digits: what trace ids are made with. */
  traceKey: string
}>
