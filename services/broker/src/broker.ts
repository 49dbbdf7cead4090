import type { Log } from '@tern/log'
import { createMembership, createRouteWatcher, type RouteTable } from '@tern/routing'
import { type RpcServer, startServer } from '@tern/rpc'
import type { Clock, Logger } from '@tern/runtime'
import { createHomeService } from './adapters/home/service.ts'
import { Links, linkRpcService } from './adapters/link/link-service.ts'
import { RecordPublisher } from './adapters/link/record-publisher.ts'
import { endProducers } from './adapters/queue/ended-producers.ts'
import { Ownership } from './adapters/queue/ownership.ts'
import type { BrokerConfig } from './config.ts'

export type BrokerPorts = Readonly<{ log: Log; clock: Clock; logger: Logger }>

export type Broker = Readonly<{
  /** host:port it serves on, once started. */
  address(): string
  /** Resolves once a nameserver has it on the log; queues come later. */
  start(): Promise<void>
  stop(): Promise<void>
}>

type Life = Readonly<{ links: Links; stop(): void }>

/** Owns queues for as long as the nameservers say so, and comes back as a new incarnation when they declared it dead. */
export function createBroker(config: BrokerConfig, ports: BrokerPorts): Broker {
  let server: RpcServer | undefined
  let life: Life | undefined
  let stopped = false

  async function live(address: string): Promise<void> {
    const { nameservers: addresses, zone } = config
    const { clock, logger } = ports
    const membership = createMembership({ kind: 'broker', zone, address, addresses, nonce: config.nonce(), clock })
    let over = false
    const end = () => {
      over = true
      life?.stop()
      life = undefined
      membership.stop()
    }
    stopLife = end
    membership.onDeclaredDead((reason) => {
      logger.warn('declared dead; comes back as a new incarnation', { reason })
      end()
      if (!stopped) void live(address)
    })
    const incarnation = await membership.joined
    if (over) return
    logger.info('joined', { incarnation, address })
    life = liveAs(incarnation, config, ports, (queues) => membership.setServing(queues))
  }
  let stopLife = () => {}

  return {
    address: () => server?.address ?? config.listen,
    async start() {
      server = await startServer(config.listen, [linkRpcService(() => life?.links)])
      await live(server.address)
    },
    async stop() {
      stopped = true
      stopLife()
      server?.stop()
    },
  }
}

function liveAs(
  broker: number,
  { nameservers: addresses }: BrokerConfig,
  { log, clock, logger }: BrokerPorts,
  serving: (queues: readonly number[]) => void,
): Life {
  const routes = createRouteWatcher({ addresses, clock })
  const proxyAlive = (incarnation: number) => isAlive(routes.table(), incarnation)
  const homes = createHomeService({
    ...{ log, broker, clock, logger, proxyAlive },
    publishWill: (topic, body) => publisher.publish(topic, body),
  })
  const publish = (topic: string, body: Buffer) => publisher.publish(topic, body)
  const ownership = new Ownership({ broker, log, clock, logger, homes, publish }, () => {
    serving(ownership.serving)
    endProducers(ownership.runners(), (producer) => !proxyAlive(producer))
  })
  const publisher = new RecordPublisher({
    ...{ ownership, clock },
    queues: () => routes.table().queues,
    ownerOf: (queue) => routes.table().ownerOf(queue),
  })
  const links = new Links({ ownership, homes, clock, logger, proxyAlive })
  homes.onPush((proxy, push) => links.push(proxy, push))
  homes.onSuperseded((queue) => ownership.giveUp(queue))
  routes.onDied((incarnation) => {
    links.proxyDied(incarnation)
    homes.proxyDied(incarnation)
    endProducers(ownership.runners(), (producer) => producer === incarnation)
  })
  routes.onChange((table) => ownership.follow(table))
  return {
    links,
    stop() {
      routes.stop()
      ownership.stop()
      links.end()
      publisher.stop()
    },
  }
}

/** Recorded dead is who joined before the table's revision and is in it no more; 0 is another broker. */
const isAlive = (table: RouteTable, incarnation: number): boolean =>
  incarnation === 0 || incarnation > table.revision || table.member(incarnation) !== undefined
