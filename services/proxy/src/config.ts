export type ProxyConfig = Readonly<{
  zone: string
  /** Drawn at random for each incarnation: one at the start, another after having been declared dead. */
  nonce(): string
  /** A client id for a client that brings none. */
  drawId(): string
  /** Clients beyond so many are not let in; `connectionLimits.connectionsMax` when left out. */
  connectionsMax?: number
  /** False: nothing is told of messages to trace services. */
  trace?: boolean
  /** Publishers of MQTT 5 are told the trace of each message with its acknowledgement. */
  tellTraces?: boolean
  /** 32 hex digits: the address of a message becomes the id of its trace under it. That which everybody knows when left out. */
  traceKey?: string
  /** host:port of every nameserver. */
  nameservers: readonly string[]
  /** Where this proxy alone listens, host:port. */
  mqtt: string
  /** What it serves to other services, host:port; nameservers know it by this. */
  rpc: string
  /** Of its numbers; told to whoever lists members. */
  metrics?: string | undefined
  websocket: readonly string[]
  /** Where it listens together with the proxies of other zones (SO_REUSEPORT). */
  mqttShared: readonly string[]
  websocketShared: readonly string[]
  /** Where it serves the public API, gRPC and HTTP: alone, and together with the proxies of other zones. */
  api: readonly string[]
  apiShared: readonly string[]
  /** What it says of its region and cannot know by itself: "embedded" or "kafka"; "development" on one machine. */
  about?: Readonly<{ log: string; mode: string }>
}>
