import { type Log, ternTopics } from '@tern/log'
import { nameserver } from '@tern/proto'
import { connectClient, type RpcServer, rpcError, startServer, unaryCall } from '@tern/rpc'
import type { Clock, Logger } from '@tern/runtime'
import { type ControlLog, openControlLog } from './adapters/control-log.ts'
import { createMemberStreams } from './adapters/member-streams.ts'
import { nameserverService } from './adapters/nameserver-service.ts'
import { createPeers } from './adapters/peers.ts'
import { createWatchHub } from './adapters/watch-hub.ts'
import type { NameserverConfig } from './config.ts'
import { createLeadership } from './leadership.ts'

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
      const running = await serve(config, ports, controlLog)
      server = running.server
      stopAll = running.stop
    },
    stop: () => stopAll(),
  }
}

async function serve(config: NameserverConfig, { clock, logger }: NameserverPorts, controlLog: ControlLog) {
  const hub = createWatchHub(clock, controlLog.state())
  const members = createMemberStreams({
    clock,
    changed() {
      leadership.look()
      // The leader may be another, and wait for a second sight of a death.
      peers.hurry()
    },
  })
  const peers = createPeers({
    addresses: config.peers,
    clock,
    say: () => leadership.say(),
    changed: () => leadership.look(),
  })
  const leadership = createLeadership({ config, clock, logger, controlLog, members, peers })
  controlLog.onChange((state) => {
    hub.changed(state)
    members.changed(state)
    leadership.look()
  })

  const drain = (request: nameserver.DrainRequest): Promise<nameserver.DrainResponse> => {
    if (leadership.leads()) return leadership.drain(request)
    const leader = controlLog.state().leader
    const address = leader && peers.addressOf(leader.nameserver)
    if (address === undefined) throw rpcError('UNAVAILABLE', 'no nameserver leads at the moment; try again in a second')
    const client = connectClient(address)
    return unaryCall(client, nameserver.NameserverServiceService.drain, request, 2_000).finally(() => client.close())
  }
  const ping = (request: nameserver.PingRequest): nameserver.PingResponse => {
    peers.heard(request)
    return leadership.say()
  }
  const server = await startServer(config.listen, [nameserverService({ register: members.accept, hub, ping, drain })])
  leadership.begin()
  const stop = () => {
    leadership.stop()
    peers.stop()
    members.stop()
    hub.stop()
    controlLog.stop()
    server.stop()
  }
  return { server, stop }
}
