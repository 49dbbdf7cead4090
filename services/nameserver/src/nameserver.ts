import { type Log, ternTopics } from '@tern/log'
import { type RpcServer, startServer } from '@tern/rpc'
import type { Clock, Logger } from '@tern/runtime'
import { openControlLog } from './adapters/control-log.ts'
import { nameserverService } from './adapters/nameserver-service.ts'
import type { NameserverConfig } from './config.ts'
import { beginRun } from './run.ts'

export type NameserverPorts = Readonly<{ log: Log; clock: Clock; logger: Logger }>

export type Nameserver = Readonly<{
  /** host:port it serves on, once started. */
  address(): string
  start(): Promise<void>
  stop(): void
}>

/** One of the equal nameservers of a region. */
export function createNameserver(config: NameserverConfig, ports: NameserverPorts): Nameserver {
  let server: RpcServer | undefined
  let stopAll = () => {}
  return {
    address: () => server?.address ?? config.listen,
    async start() {
      await ports.log.provision(ternTopics(config.queues))
      const controlLog = await openControlLog(ports.log, ports.logger)
      await controlLog.caughtUp()
      const run = beginRun(config, ports, controlLog)
      server = await startServer(config.listen, [nameserverService(run.handlers)])
      run.begin()
      stopAll = () => {
        run.stop()
        server?.stop()
      }
    },
    stop: () => stopAll(),
  }
}
