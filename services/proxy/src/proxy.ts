import type { ApiServer } from '@tern/api'
import { reasonCode } from '@tern/mqtt'
import { type RpcServer, startServer } from '@tern/rpc'
import type { Metrics } from '@tern/telemetry'
import { pullsOf, startApi } from './adapters/api/server.ts'
import type { Pulls } from './adapters/api/subscribe/pulls.ts'
import { ClientConnection } from './adapters/connection/client-connection.ts'
import { proxyRpcService } from './adapters/inspect/proxy-service.ts'
import type { ClientSocket } from './adapters/net/client-socket.ts'
import type { Listening } from './adapters/net/listening.ts'
import { listenTcp } from './adapters/net/tcp.ts'
import { listenWebSocket } from './adapters/net/websocket.ts'
import type { ProxyConfig } from './config.ts'
import { connectionLimits } from './core/connection/limits.ts'
import { ProxyCounters } from './core/counters.ts'
import { beginIncarnation, type Incarnation, type ProxyPorts } from './incarnation.ts'
import { proxyMetrics } from './metrics.ts'

export type Proxy = Readonly<{
  /** Resolves once clients are served. */
  start(): Promise<void>
  /** Tells every client to go, then closes. */
  stop(): Promise<void>
  metrics: Metrics
  /** Clients are let in. */
  serves(): boolean
}>

const goodbyeMs = 200

/** MQTT for the clients of a zone, and the public API. It keeps nothing: whatever must last is with the brokers. */
export function createProxy(config: ProxyConfig, ports: ProxyPorts): Proxy {
  const { clock, logger } = ports
  const counters = new ProxyCounters()
  let present: Incarnation | undefined
  let listeners: Listening[] = []
  let api: ApiServer | undefined
  let pulls: Pulls | undefined
  let rpc: RpcServer | undefined
  let stopped = false

  const { connectionsMax = connectionLimits.connectionsMax } = config
  const accept = (socket: ClientSocket) => {
    if (present === undefined) socket.destroy()
    else if (!present.context.connections.admits(connectionsMax)) socket.destroy()
    else new ClientConnection(socket, present.context)
  }
  const closeListeners = () => {
    for (const listening of listeners) listening.close()
    listeners = []
  }
  const closeApi = () => {
    api?.kill()
    api = undefined
    pulls = undefined
  }
  const listen = async ({ context, scans, traces, members, nameservers }: Incarnation) => {
    const { packetBytesMax } = connectionLimits
    const options = { clock, packetBytesMax, accept }
    const { mqtt, mqttShared, websocket, websocketShared } = config
    listeners.push(await listenTcp(mqtt, false, options))
    for (const address of mqttShared) listeners.push(await listenTcp(address, true, options))
    for (const address of websocket) listeners.push(await listenWebSocket(address, false, options))
    for (const address of websocketShared) listeners.push(await listenWebSocket(address, true, options))
    const surroundings = { config, context, scans, traces, members, nameservers }
    pulls = pullsOf(surroundings)
    api = await startApi(surroundings, pulls)
  }

  /** Clients are let in only when they can be served: a port that is open is a promise. */
  const live = async (): Promise<void> => {
    present = await beginIncarnation(config, rpc?.address ?? config.rpc, { ...ports, counters }, () => {
      present = undefined
      closeListeners()
      closeApi()
      if (!stopped) live().catch((error: unknown) => logger.error('could not come back', { error: String(error) }))
    })
    if (!stopped) await listen(present)
  }

  return {
    async start() {
      rpc = await startServer(config.rpc, [
        proxyRpcService(
          () => present?.inspect,
          () => pulls,
        ),
      ])
      await live()
    },
    async stop() {
      stopped = true
      closeListeners()
      present?.context.connections.endAll(reasonCode.serverShuttingDown)
      present?.flush()
      await api?.stop()
      await new Promise<void>((resolve) => void setTimeout(resolve, goodbyeMs))
      present?.stop()
      rpc?.stop()
    },
    metrics: proxyMetrics(counters, () => present),
    serves: () => listeners.length > 0,
  }
}
