import type { Log } from '@tern/log'
import {
  createMembership,
  createRouteWatcher,
  type MembershipOptions,
  memberDetail,
  type RouteTable,
  type WatchRoutes,
} from '@tern/routing'
import { type Clock, type Logger, Silence } from '@tern/runtime'
import type { Tracer } from '@tern/telemetry'
import { Forgetter } from './adapters/forgetting/forgetter.ts'
import { createHomeService, type HomeService } from './adapters/home/service.ts'
import { Inspect } from './adapters/inspect/inspect-service.ts'
import { HomeQuestions } from './adapters/link/home-questions.ts'
import { Links } from './adapters/link/link-service.ts'
import { RecordPublisher } from './adapters/link/record-publisher.ts'
import { type DialBroker, Remotes } from './adapters/link/remotes.ts'
import type { AskHomes } from './adapters/queue/ask-homes.ts'
import { endProducers } from './adapters/queue/ended-producers.ts'
import { Ownership } from './adapters/queue/ownership.ts'
import { messagesTopic } from './adapters/queue/queue-records.ts'
import type { PublishAll } from './adapters/queue/rerouter.ts'
import { Scans } from './adapters/scan/scan-service.ts'
import type { BrokerConfig } from './config.ts'
import { type Telemetry, telemetryWith } from './core/counters.ts'

export type BrokerPorts = Readonly<{
  log: Log
  clock: Clock
  logger: Logger
  tracer?: Tracer
  /** How others are reached; gRPC when left out. */
  network?: BrokerNetwork
}>

export type BrokerNetwork = Readonly<{
  dialNameserver: NonNullable<MembershipOptions['dial']>
  watchRoutes: WatchRoutes
  dialBroker: DialBroker
}>

export type BrokerLives = Readonly<{
  /** The links of the present incarnation; undefined while there is none. */
  links(): Links | undefined
  present(): Life | undefined
  /** Resolves once a nameserver has the first incarnation on the log. */
  start(): Promise<void>
  stop(): void
}>

export type Life = Readonly<{
  links: Links
  scans: Scans
  inspect: Inspect
  ownership: Ownership
  homes: HomeService
  logSilentMs(): number
  stop(): void
}>

const askLogEveryMs = 1_000

/** One incarnation after the other: who finds itself declared dead drops everything and comes back as a new one. */
export function createBrokerLives(
  config: BrokerConfig,
  address: string,
  ports: BrokerPorts,
  telemetry: Telemetry = telemetryWith(ports.tracer),
): BrokerLives {
  const { clock, logger, network } = ports
  const startedAtMs = clock.now()
  let life: Life | undefined
  let stopped = false
  let end = () => {}

  async function live(): Promise<void> {
    const { nameservers: addresses, zone } = config
    const dial = network && { dial: network.dialNameserver }
    const membership = createMembership({
      kind: 'broker',
      zone,
      address,
      addresses,
      nonce: config.nonce(),
      clock,
      detail: memberDetail({ rpc: address, ...config.endpoints }, startedAtMs),
      logSilentMs: () => life?.logSilentMs() ?? 0,
      ...dial,
    })
    let over = false
    end = () => {
      over = true
      life?.stop()
      life = undefined
      membership.stop()
    }
    membership.onDeclaredDead((reason) => {
      logger.warn('declared dead; comes back as a new incarnation', { reason })
      end()
      if (!stopped) void live()
    })
    const incarnation = await membership.joined
    if (over) return
    logger.info('joined', { incarnation, address })
    telemetry.counters.incarnations++
    life = liveAs(incarnation, config, { ...ports, telemetry }, (queues) => membership.setServing(queues))
  }

  return {
    links: () => life?.links,
    present: () => life,
    start: live,
    stop() {
      stopped = true
      end()
    },
  }
}

function liveAs(
  broker: number,
  { zone, nameservers: addresses, forgetEveryMs: everyMs, quotas }: BrokerConfig,
  { log, clock, logger, network, telemetry }: BrokerPorts & Readonly<{ telemetry: Telemetry }>,
  serving: (queues: readonly number[]) => void,
): Life {
  const routes = createRouteWatcher({ addresses, clock, ...(network && { watch: network.watchRoutes }) })
  const proxyAlive = (incarnation: number) => isAlive(routes.table(), incarnation)
  const isNear = (incarnation: number) => routes.table().member(incarnation)?.zone === zone
  const publishAll: PublishAll = (queue, bodies) => publisher.publishAll(queue, bodies)
  const askHomes: AskHomes = {
    sessionsExist: (keys) => questions.sessionsExist(keys),
    willsStored: (clients) => questions.willsStored(clients),
    filterHeld: (filter) => questions.filterHeld(filter),
  }
  const homes = createHomeService({
    log,
    broker,
    sessionsMax: quotas.sessionsMax,
    clock,
    logger,
    telemetry,
    proxyAlive,
    publishWill: (topic, body) => publisher.publish(topic, body),
  })
  const ownership = new Ownership(
    { broker, log, clock, logger, homes, publishAll, askHomes, quotas, telemetry, proxyAlive },
    () => {
      serving(ownership.serving)
      endProducers(ownership.runners(), (producer) => !proxyAlive(producer))
    },
  )
  const remotes = new Remotes(clock, network?.dialBroker)
  const queues = () => routes.table().queues
  const ownerOf = (queue: number) => routes.table().ownerOf(queue)
  const publisher = new RecordPublisher({ ownership, queues, ownerOf, clock, remotes })
  const questions = new HomeQuestions({ ownership, homes, queues, ownerOf, remotes })
  const links = new Links({ ownership, homes, clock, logger, proxyAlive, isNear })
  const forgetter = new Forgetter({
    ...{ askHomes, log, clock, logger, everyMs },
    runners: () => ownership.runners(),
    table: () => routes.table(),
    askClients: (...asked) => links.askClients(...asked),
  })
  const allQueues = () => Array.from({ length: queues() }, (_, queue) => queue)
  const logSilence = new Silence(clock, () => log.offsets(messagesTopic, allQueues()), askLogEveryMs)
  homes.onPush((proxy, push) => links.push(proxy, push))
  homes.onSuperseded((queue) => ownership.giveUp(queue))
  routes.onDied((incarnation) => {
    links.proxyDied(incarnation)
    homes.proxyDied(incarnation)
    endProducers(ownership.runners(), (producer) => producer === incarnation)
  })
  routes.onChange((table) => ownership.follow(table))
  const logSilentMs = () => logSilence.ms
  const inspect = new Inspect({ broker, ownership, homes, log, clock, logSilentMs })
  return {
    links,
    inspect,
    ownership,
    scans: new Scans({ ownership, log, clock }),
    homes,
    logSilentMs,
    stop() {
      inspect.stop()
      logSilence.stop()
      routes.stop()
      forgetter.stop()
      ownership.stop()
      links.end()
      remotes.stop()
    },
  }
}

/** Recorded dead is who joined before the table's revision and is in it no more; 0 is another broker. */
const isAlive = (table: RouteTable, incarnation: number): boolean =>
  incarnation === 0 || incarnation > table.revision || table.member(incarnation) !== undefined
