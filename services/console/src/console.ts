import { createMembership, type Membership } from '@tern/routing'
import type { Clock, Logger } from '@tern/runtime'
import type { Metrics } from '@tern/telemetry'
import { openAdminPassword } from './adapters/admin-password.ts'
import { handleCall } from './adapters/calls.ts'
import { createDevControl } from './adapters/dev-control.ts'
import { listen } from './adapters/listen.ts'
import { createRegionApi } from './adapters/region-api.ts'
import { readSite } from './adapters/site-files.ts'
import { createTabSockets } from './adapters/tab-sockets.ts'
import { tabSource } from './adapters/tab-source.ts'
import { TopologyWatch } from './adapters/topology-watch.ts'
import { createWebServer } from './adapters/web-server.ts'
import type { ConsoleConfig } from './config.ts'
import { History } from './core/history.ts'
import { LoginThrottle } from './core/login-throttle.ts'
import { ProxyList } from './core/proxy-list.ts'
import { SessionTable } from './core/session-table.ts'
import { consoleMetrics } from './metrics.ts'

export type ConsolePorts = Readonly<{ clock: Clock; logger: Logger }>

export type Console = Readonly<{
  start(): Promise<void>
  /** host:port where pages are served. */
  address(): string
  stop(): void
  metrics: Metrics
  /** Pages are served; without a region they say so. */
  serves(): boolean
}>

export function createConsole(config: ConsoleConfig, { clock, logger }: ConsolePorts): Console {
  const proxies = new ProxyList(config.proxies)
  const api = createRegionApi(proxies, clock)
  const history = new History()
  const topology = new TopologyWatch({ api, proxies, history, clock, logger })
  const sessions = new SessionTable()
  const tabs = createTabSockets(tabSource(api, topology), clock)
  const dev = config.devControl === '' ? undefined : createDevControl(config.devControl)
  const startedAtMs = clock.now()
  let membership: Membership | undefined
  let stopServer = () => {}
  let address = config.listen
  let serving = false

  /** Whoever was declared dead comes back as another. */
  const join = () => {
    const { zone, nameservers, nonce, version } = config
    const detail = { endpoints: { console: address }, version, startedAtMs }
    membership = createMembership({
      ...{ kind: 'console', zone, address: '', detail, addresses: nameservers, nonce: nonce(), clock },
    })
    membership.onDeclaredDead(join)
  }

  return {
    async start() {
      const password = await openAdminPassword(config.folder, config.password)
      const secure = config.publicOrigin.startsWith('https:')
      const { environment, publicOrigin } = config
      const throttle = new LoginThrottle()
      const ports = { api, sessions, throttle, password, history, dev, environment, secure, clock, logger }
      const server = createWebServer({
        site: readSite(config.site),
        publicOrigin,
        webSockets: () => topology.webSockets,
        session: (id) => (id === undefined ? undefined : sessions.use(id, clock.now())),
        handle: (call) => handleCall(ports, call),
        upgrade: (request, socket, head, id) =>
          tabs.accept(request, socket, head, () => sessions.peek(id, clock.now()) !== undefined),
      })
      const listening = await listen(server, config.listen)
      stopServer = listening.close
      address = listening.address
      serving = true
      topology.begin()
      if (config.nameservers.length > 0) join()
    },
    address: () => address,
    stop() {
      membership?.stop()
      topology.stop()
      tabs.close()
      stopServer()
      api.close()
      dev?.close()
    },
    metrics: consoleMetrics({
      sessions: () => sessions.size,
      tabs: () => tabs.count,
      knowsTopology: () => topology.isKnown,
    }),
    serves: () => serving,
  }
}
