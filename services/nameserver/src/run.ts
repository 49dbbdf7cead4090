import { nameserver } from '@tern/proto'
import { connectClient, rpcError, unaryCall } from '@tern/rpc'
import { type Clock, type Logger, Silence } from '@tern/runtime'
import type { ControlLog } from './adapters/control-log.ts'
import { createMemberStreams, type IsRefused } from './adapters/member-streams.ts'
import type { NameserverHandlers } from './adapters/nameserver-service.ts'
import { type ConnectPeer, createPeers } from './adapters/peers.ts'
import { createWatchHub } from './adapters/watch-hub.ts'
import type { NameserverConfig } from './config.ts'
import { type Telemetry, telemetryWith } from './core/counters.ts'
import { logSilenceMax } from './core/liveness.ts'
import { createLeadership } from './leadership.ts'
import { createLook } from './look.ts'

const drainDeadline = 2_000
const askLogEveryMs = 1_000

export type RunPorts = Readonly<{
  clock: Clock
  logger: Logger
  telemetry?: Telemetry
  /** How others are reached; gRPC and TCP when left out. */
  network?: NameserverNetwork
}>

export type NameserverNetwork = Readonly<{ connectPeer: ConnectPeer; isRefused: IsRefused; askDrain: AskDrain }>

/** Hands a drain on to the nameserver that leads. */
type AskDrain = (address: string, request: nameserver.DrainRequest) => Promise<nameserver.DrainResponse>

export type Run = Readonly<{
  handlers: NameserverHandlers
  /** To be called once the handlers are reached by others. */
  begin(): void
  stop(): void
  leads(): boolean
  logSilentMs(): number
  watchers(): number
  members(): number
}>

/** One run of a nameserver, whatever carries its calls. */
export function beginRun(
  config: NameserverConfig,
  { clock, logger, network, telemetry = telemetryWith() }: RunPorts,
  controlLog: ControlLog,
): Run {
  const logSilence = new Silence(clock, () => controlLog.caughtUp(), askLogEveryMs)
  const hub = createWatchHub(clock, controlLog.state(), () => logSilence.ms > logSilenceMax)
  const members = createMemberStreams({
    clock,
    changed() {
      leadership.look()
      // The leader may be another, and wait for a second sight of a death.
      peers.hurry()
    },
    probe: network?.isRefused,
  })
  const peers = createPeers({
    addresses: config.peers,
    clock,
    say: () => leadership.say(),
    changed: () => leadership.look(),
    connect: network?.connectPeer,
  })
  const leadership = createLeadership({ config, clock, logger, controlLog, logSilence, members, peers, telemetry })
  const telling = createLook({ config, clock, controlLog, members, peers, logSilentMs: () => logSilence.ms })
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
    return (network?.askDrain ?? askDrainOverGrpc)(address, request)
  }
  const ping = (request: nameserver.PingRequest): nameserver.PingResponse => {
    peers.heard(request)
    return leadership.say()
  }
  return {
    handlers: { register: members.accept, hub, ping, drain, ...telling },
    begin: () => leadership.begin(),
    leads: () => leadership.leads(),
    logSilentMs: () => logSilence.ms,
    watchers: () => hub.watchers(),
    members: () => [...members.seen().values()].filter(({ connected }) => connected).length,
    stop() {
      leadership.stop()
      logSilence.stop()
      peers.stop()
      members.stop()
      hub.stop()
      controlLog.stop()
    },
  }
}

const askDrainOverGrpc: AskDrain = (address, request) => {
  const client = connectClient(address)
  const { drain } = nameserver.NameserverServiceService
  return unaryCall(client, drain, request, drainDeadline).finally(() => client.close())
}
