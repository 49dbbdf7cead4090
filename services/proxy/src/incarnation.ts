import {
  createMembership,
  createRouteWatcher,
  type MembershipOptions,
  memberDetail,
  type WatchRoutes,
} from '@tern/routing'
import type { Clock, Logger } from '@tern/runtime'
import { noTracer, type Tracer, traceKeyUnlessTold } from '@tern/telemetry'
import { nodeName } from './adapters/api/api-context.ts'
import { Connections } from './adapters/connection/connections.ts'
import type { Context } from './adapters/connection/context.ts'
import { ProxyInspect } from './adapters/inspect/proxy-service.ts'
import { beginLedger } from './adapters/ledger/begin-ledger.ts'
import type { DialBroker } from './adapters/region/broker-link.ts'
import { Members } from './adapters/region/members.ts'
import { Nameservers } from './adapters/region/nameservers.ts'
import { LinkedRegion } from './adapters/region/region.ts'
import { Scans } from './adapters/region/scans.ts'
import { TraceServices } from './adapters/traces/trace-services.ts'
import type { ProxyConfig } from './config.ts'
import { WildcardShapes } from './core/connection/held-filters.ts'
import { ProxyCounters } from './core/counters.ts'
import { FanOut } from './core/delivery/fan-out.ts'
import { silentLedger } from './core/ledger/ledger.ts'
import { tellingTraces } from './core/ledger/tell-trace.ts'
import { GroupHub } from './core/shared/group-hub.ts'

export type ProxyPorts = Readonly<{
  clock: Clock
  logger: Logger
  /** Of the process; new ones when left out. */
  counters?: ProxyCounters
  tracer?: Tracer
  /** How others are reached; gRPC when left out. */
  network?: Partial<ProxyNetwork>
}>

export type ProxyNetwork = Readonly<{
  dialNameserver: NonNullable<MembershipOptions['dial']>
  watchRoutes: WatchRoutes
  dialBroker: DialBroker
}>

export type Incarnation = Readonly<{
  context: Context
  /** What the ledger has leaves for a trace service. */
  flush(): void
  region: LinkedRegion
  /** Looks into the queues, for the public API. */
  scans: Scans
  /** Asks trace services, likewise. */
  traces: TraceServices
  /** Asks the other processes of the region, likewise. */
  members: Members
  nameservers: Nameservers
  /** What it tells of its connections to others. */
  inspect: ProxyInspect
  stop(): void
}>

/** One life of a proxy: from having joined, with every queue attached, until it is stopped or declared dead. */
export async function beginIncarnation(
  config: ProxyConfig,
  address: string,
  { clock, logger, counters = new ProxyCounters(), tracer = noTracer, network = {} }: ProxyPorts,
  declaredDead: () => void,
): Promise<Incarnation> {
  const { nameservers: addresses, zone } = config
  const { dialNameserver, watchRoutes, dialBroker } = network
  const membership = createMembership({
    kind: 'proxy',
    zone,
    address,
    addresses,
    nonce: config.nonce(),
    clock,
    detail: memberDetail(endpointsOf(config, address), clock.now()),
    clients: () => connections.clients.size,
    ...(dialNameserver && { dial: dialNameserver }),
  })
  const routes = createRouteWatcher({ addresses, clock, ...(watchRoutes && { watch: watchRoutes }) })
  const connections = new Connections(clock, logger, counters)
  /** What is stopped, in this order. Before anything else: nobody may take an answer from a proxy that is recorded dead. */
  const parts: { stop(): void }[] = [{ stop: () => connections.destroyAll() }]
  const stop = () => {
    for (const part of parts.splice(0)) part.stop()
    routes.stop()
    membership.stop()
  }
  membership.onDeclaredDead((reason) => {
    logger.warn('declared dead; comes back as a new incarnation', { reason })
    stop()
    declaredDead()
  })
  const proxy = await membership.joined
  await new Promise<void>((resolve) => {
    if (routes.table().queues > 0) resolve()
    routes.onChange(({ queues }) => {
      if (queues > 0) resolve()
    })
  })
  const begun = config.trace === false ? undefined : beginLedger({ proxy, zone, routes, clock, logger })
  const ledger = begun?.ledger ?? silentLedger
  const tellTrace = config.tellTraces === true ? tellingTraces(config.traceKey ?? traceKeyUnlessTold) : undefined
  const linked = new LinkedRegion({ proxy, routes, clock, logger, ledger, ...(dialBroker && { dial: dialBroker }) })
  const scans = new Scans({ routes, clock })
  const traces = new TraceServices(routes, zone)
  parts.push(linked, scans, traces, ...(begun ? [begun] : []))
  const members = new Members({ routes, clock })
  const nameservers = new Nameservers({ addresses, clock })
  parts.push(members, nameservers)
  const fanOut = new FanOut(counters)
  const groups = new GroupHub(linked)
  linked.listen({
    covered: (range) => fanOut.covered(range, clock.now()),
    superseded: (clientId, connection) => connections.superseded(clientId, connection),
    disconnected: (clientId, how) => connections.disconnected(clientId, how),
    homeMoved: (queue) => connections.announce(queue),
    connected: (clientId) => connections.has(clientId),
    leased: (queue, group, messages) => groups.leased(queue, group, messages),
  })
  await linked.ready
  counters.incarnations++
  logger.info('joined', { incarnation: proxy, queues: linked.queues })
  const shapes = new WildcardShapes()
  const { drawId } = config
  const context = {
    region: linked,
    fanOut,
    groups,
    connections,
    counters,
    tracer,
    ledger,
    tellTrace,
    shapes,
    clock,
    logger,
    drawId,
  }
  const inspect = new ProxyInspect(context, { name: nodeName(config), zone })
  parts.push(inspect)
  return { context, region: linked, members, nameservers, inspect, scans, traces, flush: () => begun?.flush(), stop }
}

const endpointsOf = ({ mqtt, websocket, api, metrics }: ProxyConfig, rpc: string) => ({
  ...{ rpc, mqtt, websocket: websocket[0], api: api[0], metrics },
})
