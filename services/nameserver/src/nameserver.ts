import { type Log, ternTopics } from '@tern/log'
import { type RpcServer, startServer } from '@tern/rpc'
import type { Clock, Logger } from '@tern/runtime'
import type { Metrics, Tracer } from '@tern/telemetry'
import { openControlLog } from './adapters/control-log.ts'
import { nameserverService } from './adapters/nameserver-service.ts'
import type { NameserverConfig } from './config.ts'
import { telemetryWith } from './core/counters.ts'
import { nameserverMetrics, type Running } from './metrics.ts'
import { beginRun } from './run.ts'

export type NameserverPorts = Readonly<{ log: Log; clock: Clock; logger: Logger; tracer?: Tracer }>

export type Nameserver = Readonly<{
  /** host:port it serves on, once started. */
  address(): string
  start(): Promise<void>
  stop(): void
  metrics: Metrics
  /** It has read the control log and answers who asks. */
  serves(): boolean
}>

/** One of the equal nameservers of a region. */
export function createNameserver(config: NameserverConfig, ports: NameserverPorts): Nameserver {
  let server: RpcServer | undefined
  let stopAll = () => {}
  let running: Running | undefined
  const telemetry = telemetryWith(ports.tracer)
  return {
    address: () => server?.address ?? config.listen,
    async start() {
      await ports.log.provision(ternTopics(config.queues))
      const controlLog = await openControlLog(ports.log, ports.logger)
      await controlLog.caughtUp()
      const run = beginRun(config, { ...ports, telemetry }, controlLog)
      server = await startServer(config.listen, [nameserverService(run.handlers)])
      run.begin()
      running = { run, state: () => controlLog.state() }
      stopAll = () => {
        run.stop()
        server?.stop()
      }
    },
    stop: () => stopAll(),
    metrics: nameserverMetrics(telemetry.counters, () => running),
    serves: () => running !== undefined && running.state().leader !== undefined,
  }
}
