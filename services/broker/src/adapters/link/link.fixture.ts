import { createMemoryLog, type Log, type MemoryLogFaults, ternTopics } from '@tern/log'
import { type append, control, type deliver, envelope, type home, link } from '@tern/proto'
import { encodeBody, encodeEnvelope, PackedWriter, readBody, unpack } from '@tern/record'
import { applyRoutes, emptyRouteTable, type Owner } from '@tern/routing'
import { type Clock, type Duplex, duplexPair, type Logger, silentLogger, systemClock } from '@tern/runtime'
import { noTracer, type Tracer } from '@tern/telemetry'
import { type Telemetry, telemetryWith } from '../../core/counters.ts'
import { type Quotas, quotasUnlessTold } from '../../core/quotas.ts'
import { createHomeService, type HomeService } from '../home/service.ts'
import type { AskHomes } from '../queue/ask-homes.ts'
import { Ownership } from '../queue/ownership.ts'
import type { PublishAll } from '../queue/rerouter.ts'
import { HomeQuestions } from './home-questions.ts'
import { Links } from './link-service.ts'
import { RecordPublisher } from './record-publisher.ts'
import { Remotes } from './remotes.ts'

type Answers = link.LinkResponse

/** A proxy's end of a link, which waits for what it asks for. */
export class FakeProxy {
  readonly received: Answers[] = []
  private readonly stream: Duplex<link.LinkRequest, link.LinkResponse>
  private readonly waiting: (() => void)[] = []
  ended = false
  private readonly attached = new Set<number>()

  constructor(stream: Duplex<link.LinkRequest, link.LinkResponse>, proxy: number) {
    this.stream = stream
    stream.listen({
      frame: (response) => {
        this.received.push(response)
        this.wake()
      },
      end: () => {
        this.ended = true
        this.wake()
      },
    })
    this.send({ proxy })
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }

  send(request: Partial<link.LinkRequest>): void {
    for (const { queue } of request.attaches ?? []) this.attached.add(queue)
    this.stream.send(link.LinkRequest.create(request))
  }

  end(): void {
    this.stream.end()
  }

  /** The first one of a kind of answers that fits, among those that came and those to come. */
  async find<K extends keyof Answers>(kind: K, fits: (answer: Answers[K][number]) => boolean = () => true) {
    for (;;) {
      for (const response of this.received) {
        const found = (response[kind] as Answers[K][number][]).find(fits)
        if (found) return found
      }
      if (this.ended) throw new Error('the stream has ended')
      await new Promise<void>((resolve) => void this.waiting.push(resolve))
    }
  }

  /** Every delivered record so far, as [position, topic, payload]. */
  delivered(queue: number): [number, string, string][] {
    return this.received.flatMap(({ deliveries }) =>
      deliveries.filter((delivery) => delivery.queue === queue).flatMap((delivery) => recordsOf(delivery)),
    )
  }

  /** As a proxy does before it asks anything of a queue. */
  private begin(queue: number): void {
    if (!this.attached.has(queue)) this.send({ attaches: [{ id: 1, queue, after: -2, epoch: 0 }] })
  }

  async append(queue: number, firstSequence: number, bodies: readonly Buffer[]): Promise<append.AppendAnswer> {
    this.begin(queue)
    const writer = new PackedWriter(0, 0)
    for (const body of bodies) writer.add(0, 0, body)
    this.send({ appends: [{ queue, firstSequence, count: bodies.length, records: writer.finish() }] })
    const last = firstSequence + bodies.length - 1
    const covers = ({ firstSequence: from, count }: append.AppendAnswer) => from <= last && last < from + count
    return this.find('appendAnswers', (answer) => answer.queue === queue && covers(answer))
  }

  async read(queue: number, from: number, filters: deliver.ReadFilter[], id = 1): Promise<deliver.ReadAnswer> {
    this.send({ reads: [{ id, queue, from, filters, recordsMax: 100, bytesMax: 100_000 }] })
    return this.find('readAnswers', (answer) => answer.id === id)
  }

  async call(clientId: string, queue: number, call: home.HomeCall['call'], id: number): Promise<home.HomeAnswer> {
    this.begin(queue)
    this.send({ homeCalls: [{ id, queue, clientId, call }] })
    return this.find('homeAnswers', (answer) => answer.id === id)
  }
}

export function recordsOf(delivery: deliver.Delivery | undefined): [number, string, string][] {
  if (delivery === undefined) return []
  return [...unpack(delivery.records, delivery.first, delivery.baseTimeMs)].map(({ position, body }) => {
    const { key, value } = readBody(body, 0, body.length)
    return [position, String(key), String(value)]
  })
}

export function bodyOf(topic: string | null, payload: string, fields: Partial<envelope.Envelope>): Buffer {
  const header = encodeEnvelope(envelope.Envelope.create({ clientId: 'c', qos: 1, ...fields }))
  return encodeBody(topic === null ? null : Buffer.from(topic), Buffer.from(payload), [['tern', header]])
}

export type FakeBroker = Readonly<{
  homes: HomeService
  ownership: Ownership
  links: Links
  askHomes: AskHomes
  telemetry: Telemetry
  connect(proxy: number): FakeProxy
  /** The route table says that these queues are this broker's, at the epoch. */
  own(queues: readonly number[], epoch: number): Promise<void>
}>

type RegionOptions = Readonly<{
  clock?: Clock
  logger?: Logger
  quotas?: Quotas
  tracer?: Tracer
  /** The log tells when others append. */
  watch?: NonNullable<Log['watch']>
}>

export async function region({
  clock = systemClock,
  logger = silentLogger,
  quotas = quotasUnlessTold,
  tracer = noTracer,
  watch,
}: RegionOptions = {}): Promise<{
  log: Log
  faults: MemoryLogFaults
  dead: Set<number>
  broker(incarnation: number): FakeBroker
}> {
  const faults: MemoryLogFaults = {}
  const memory = createMemoryLog({ now: () => Date.now(), faults })
  const log: Log = watch === undefined ? memory : { ...memory, watch }
  await log.provision(ternTopics(2))
  const dead = new Set<number>()
  const proxyAlive = (proxy: number) => !dead.has(proxy)
  const owners = new Map<number, Owner>()
  const linksAt = new Map<string, Links>()
  const remotes = new Remotes(systemClock, (address) => {
    const [near, far] = duplexPair<link.LinkRequest, link.LinkResponse>(systemClock)
    linksAt.get(address)?.accept(far)
    return near
  })
  const broker = (incarnation: number): FakeBroker => {
    const telemetry = telemetryWith(tracer)
    const shared = { log, clock, logger, proxyAlive, quotas, telemetry }
    const homes = createHomeService({
      ...shared,
      sessionsMax: quotas.sessionsMax,
      broker: incarnation,
      publishWill: async () => {},
    })
    const publishAll: PublishAll = (queue, bodies) => publisher.publishAll(queue, bodies)
    const askHomes: AskHomes = {
      sessionsExist: (keys) => questions.sessionsExist(keys),
      willsStored: (clients) => questions.willsStored(clients),
      filterHeld: (filter) => questions.filterHeld(filter),
    }
    const ownership = new Ownership({ ...shared, broker: incarnation, homes, publishAll, askHomes }, () => {})
    const links = new Links({ ...shared, ownership, homes, isNear: () => false })
    const address = `broker-${incarnation}`
    linksAt.set(address, links)
    const others = { ownership, queues: () => 2, ownerOf: (queue: number) => owners.get(queue), remotes }
    const publisher = new RecordPublisher({ ...shared, ...others })
    const questions = new HomeQuestions({ homes, ...others })
    return {
      homes,
      ownership,
      links,
      askHomes,
      telemetry,
      connect(proxy) {
        const [near, far] = duplexPair<link.LinkRequest, link.LinkResponse>(systemClock)
        links.accept(far)
        return new FakeProxy(near, proxy)
      },
      async own(queues, epoch) {
        const member = {
          incarnation,
          kind: control.MemberKind.BROKER,
          zone: 'az-a',
          address,
          nonce: 'n',
          draining: false,
          detail: undefined,
        }
        const routes = queues.map((queue) => ({ queue, epoch, broker: incarnation }))
        const update = { snapshot: true, revision: epoch, queues: 2, routes, members: [member], died: [] }
        ownership.follow(applyRoutes(emptyRouteTable, update))
        for (const queue of queues) owners.set(queue, { epoch, broker: incarnation, address })
        await Promise.all(queues.map((queue) => ownership.when(queue)))
      },
    }
  }
  return { log, faults, dead, broker }
}
