import { type Clock, type Logger, pause } from '@tern/runtime'
import type { History } from '../core/history.ts'
import type { ProxyList } from '../core/proxy-list.ts'
import { apiAddressesOf, type Topology, webSocketAddressesOf } from '../core/topology.ts'
import type { RegionApi } from './region-api.ts'

export const topologyCall = 'tern.v1.ClusterService/WatchTopology'
const retryMs = 200
/** The topology comes once a second at least: a proxy that is silent for longer stands still. */
const silenceMax = 2_500

type Listener = (event: string) => void

type Ports = Readonly<{ api: RegionApi; proxies: ProxyList; history: History; clock: Clock; logger: Logger }>

/** One watch of the topology for all tabs, for the charts' past and for the addresses of proxies. */
export class TopologyWatch {
  readonly #ports: Ports
  readonly #listeners = new Set<Listener>()
  readonly #over = new AbortController()
  #newest: string | undefined
  webSockets: readonly string[] = []

  constructor(ports: Ports) {
    this.#ports = ports
  }

  get isKnown(): boolean {
    return this.#newest !== undefined
  }

  begin(): void {
    void this.#run()
  }

  stop(): void {
    this.#over.abort()
  }

  /** Told the newest at once, then each that comes. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    if (this.#newest !== undefined) listener(this.#newest)
    return () => this.#listeners.delete(listener)
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#ports
    let told = false
    while (!this.#over.signal.aborted) {
      try {
        await this.#watchOnce()
        told = false
      } catch (error) {
        if (!told) logger.warn('the topology is not known at the moment', { error: (error as Error).message })
        told = true
      }
      await pause(clock, retryMs)
    }
  }

  async #watchOnce(): Promise<void> {
    const { api, proxies, clock } = this.#ports
    const [asked] = proxies.inOrder(clock.now())
    const silent = new AbortController()
    const stillThere = () =>
      clock.after(silenceMax, () => {
        if (asked !== undefined) proxies.failed(asked, clock.now())
        silent.abort()
      })
    let timer = stillThere()
    try {
      for await (const event of api.stream(topologyCall, {}, AbortSignal.any([this.#over.signal, silent.signal]))) {
        timer.cancel()
        timer = stillThere()
        this.#heard(event)
      }
    } finally {
      timer.cancel()
    }
  }

  #heard(event: string): void {
    const { topology = {} } = JSON.parse(event) as { topology?: Topology }
    const { history, proxies, clock } = this.#ports
    this.#newest = event
    history.add(topology, clock.now())
    proxies.learn(apiAddressesOf(topology))
    this.webSockets = webSocketAddressesOf(topology)
    for (const listener of this.#listeners) listener(event)
  }
}
