import type { link } from '@tern/proto'
import { type RpcServer, startServer } from '@tern/rpc'
import { type Duplex, duplexPair } from '@tern/runtime'
import type { Metrics } from '@tern/telemetry'
import { inspectRpcService } from './adapters/inspect/inspect-service.ts'
import { acceptLink, linkRpcService } from './adapters/link/link-service.ts'
import { scanRpcService } from './adapters/scan/scan-service.ts'
import { topicCountRpcService } from './adapters/topic-counts/topic-count-service.ts'
import type { BrokerConfig } from './config.ts'
import { telemetryWith } from './core/counters.ts'
import { type BrokerLives, type BrokerPorts, createBrokerLives } from './lives.ts'
import { brokerMetrics } from './metrics.ts'

export type Broker = Readonly<{
  /** host:port it serves on, once started. */
  address(): string
  /** Resolves once a nameserver has it on the log; queues come later. */
  start(): Promise<void>
  /** A link from the proxy of the same process: what gRPC would cost on the way to oneself is saved. */
  connect(): Duplex<link.LinkRequest, link.LinkResponse>
  stop(): void
  metrics: Metrics
  /** It has joined the region. */
  serves(): boolean
}>

/** Owns queues for as long as the nameservers say so, and serves them to proxies over gRPC. */
export function createBroker(config: BrokerConfig, ports: BrokerPorts): Broker {
  let server: RpcServer | undefined
  let lives: BrokerLives | undefined
  const telemetry = telemetryWith(ports.tracer)
  return {
    address: () => server?.address ?? config.listen,
    async start() {
      server = await startServer(config.listen, [
        linkRpcService(() => lives?.links()),
        scanRpcService(() => lives?.present()?.scans),
        topicCountRpcService(() => lives?.present()?.ownership, ports.clock),
        inspectRpcService(() => lives?.present()?.inspect),
      ])
      lives = createBrokerLives(config, server.address, ports, telemetry)
      await lives.start()
    },
    connect() {
      const [near, far] = duplexPair<link.LinkRequest, link.LinkResponse>(ports.clock)
      acceptLink(far, lives?.links())
      return near
    },
    stop() {
      lives?.stop()
      server?.stop()
    },
    metrics: brokerMetrics(telemetry.counters, () => lives?.present()),
    serves: () => lives?.present() !== undefined,
  }
}
