import type { nameserver } from '@tern/proto'
import type { WatchRoutes } from '@tern/routing'
import type { Duplex } from '@tern/runtime'
import { Network } from './network.ts'
import { Random } from './random.ts'
import { SimulatedLog } from './simulated-log.ts'
import { Process, Timeline } from './timeline.ts'

export const zones = ['az-a', 'az-b', 'az-c'] as const
export const queues = 4

/** What all processes of one simulated region share: time, chance, the network and the log. */
export class Site {
  readonly timeline = new Timeline()
  readonly random: Random
  readonly network: Network
  readonly log: SimulatedLog
  private nonces = 0

  constructor(seed: number) {
    this.random = new Random(seed)
    this.network = new Network(this.timeline, this.random)
    this.log = new SimulatedLog(this.timeline, this.random, new Process('log'))
  }

  nonce(): string {
    return `run-${++this.nonces}`
  }
}

export const nameservers: readonly string[] = zones.map((zone) => `ns-${zone}`)

/** How a broker or proxy reaches nameservers and brokers. */
export const networkOf = (process: Process, { network }: Site) => ({
  dialNameserver: (address: string): Duplex<nameserver.RegisterRequest, nameserver.RegisterResponse> =>
    network.dial(process, `${address}/register`),
  dialBroker: <Out, In>(address: string): Duplex<Out, In> => network.dial(process, address),
  watchRoutes: ((address, { message, over }) => {
    const stream = network.dial<never, nameserver.WatchRoutesResponse>(process, `${address}/routes`)
    let open = true
    stream.listen({
      frame: message,
      end(reason) {
        if (open) over(reason)
      },
    })
    return {
      end() {
        open = false
        stream.end()
      },
    }
  }) satisfies WatchRoutes,
})
