import { home, type state } from '@tern/proto'
import { type Clock, type Logger, pause } from '@tern/runtime'
import type { Telemetry } from '../../core/counters.ts'
import {
  type Client,
  type ClientEffect,
  type ConnectionNumber,
  isForgotten,
  newestNumber,
  proxiesOf,
  unknownClient,
} from '../../core/home/client.ts'
import type { ClientCommand } from '../../core/home/commands.ts'
import { Deadlines } from '../../core/home/deadlines.ts'
import { decide } from '../../core/home/decide.ts'
import { evolve } from '../../core/home/evolve.ts'
import { nextDueAt } from '../../core/home/expiry.ts'
import { homeLimits, reasonCodes } from '../../core/home/limits.ts'
import { holderOf } from '../../core/home/overtaken.ts'
import { clientsOf, type HomeWrite, leftovers, writesOf } from '../../core/home/records.ts'
import { SessionIndex } from '../../core/home/session-index.ts'
import { SharedFilters } from '../../core/home/subscriptions.ts'
import { type Asked as AskedOfHome, either, type Told, tell } from './answers.ts'
import { opened, status, willRecord } from './calls.ts'
import { StateRefused, type StateStore } from './state-store.ts'

const tickMs = 250
const retryMs = 250

export type HomeRunnerOptions = Readonly<{
  epoch: number
  sessionsMax: number
  clock: Clock
  logger: Logger
  telemetry: Telemetry
  publishWill(topic: string, body: Buffer): Promise<void>
  proxyAlive(incarnation: number): boolean
  /** False when the proxy has no stream to this broker. */
  push(proxy: number, push: home.HomePush): boolean
}>

/** A CONNECT that meets a connection of its client, when it comes and not when it has waited for that one's end. */
const takesOver = (command: ClientCommand, effects: readonly ClientEffect[]): boolean =>
  command.type === 'open' &&
  command.reportPossible &&
  effects.some(({ type }) => type === 'await-report' || type === 'push-superseded')

const both = (...parts: Promise<void>[]): Promise<void> => Promise.all(parts).then(() => {})

type Reply = (answer: home.HomeAnswer) => void
/** `busy`: too much waits to be written. */
type Deleted = 'deleted' | 'absent' | 'not-owner' | 'busy'
type Asked = Readonly<{ call: home.HomeCall; proxy: number; reply: Reply }>

/**
 * The home of one queue's clients. It decides ahead on the evolved state; the effects of a decision wait for its own events
 * and all before them to be durable.
 */
export class HomeRunner {
  readonly store: StateStore
  readonly #options: HomeRunnerOptions
  readonly #clients: Map<string, Client>
  /** Connection numbers of this epoch whose session has ended; insertion order is age. */
  readonly #ended = new Map<string, ConnectionNumber>()
  readonly #shared = new SharedFilters()
  readonly index = new SessionIndex()
  readonly #deadlines = new Deadlines()
  /** CONNECTs that wait for the report of the connection before. */
  readonly #parked = new Map<string, Set<() => void>>()
  #counter = 0
  #ticking = false
  #closed = false

  constructor(store: StateStore, options: HomeRunnerOptions) {
    this.store = store
    this.#options = options
    this.#clients = clientsOf(store.entries(''))
    this.#sweep()
    for (const [clientId, client] of this.#clients) {
      this.#shared.changed(unknownClient, client)
      this.index.changed(clientId, unknownClient, client)
      for (const proxy of proxiesOf(client)) if (!options.proxyAlive(proxy)) this.#proxyDied(clientId, proxy)
      this.#watch(clientId)
    }
  }

  /** Before anybody asks. */
  #sweep(): void {
    for (const [clientId, client] of this.#clients) {
      const writes = leftovers(clientId, client)
      if (writes.length === 0) continue
      try {
        this.store.putInOrder(writes).catch(() => {})
      } catch (error) {
        // Too much waits already: a home that opens is worth more than one that is swept, and the next one sweeps again.
        if (!(error instanceof StateRefused)) throw error
        this.#options.logger.warn('what is left of a session could not be removed', { clientId, reason: error.message })
      }
      const rest = evolve(client, { type: 'session-ended' })
      if (isForgotten(rest)) this.#clients.delete(clientId)
      else this.#clients.set(clientId, rest)
    }
  }

  get clients(): number {
    return this.#clients.size
  }

  /** Client ids with a session, in order. */
  from(prefix: string, after: string): Iterable<string> {
    return this.index.from(prefix, after)
  }

  subscriptionsOf(clientId: string): readonly state.Subscription[] {
    return this.#clients.get(clientId)?.session?.subscriptions ?? []
  }

  client(clientId: string): Client | undefined {
    return this.#clients.get(clientId)
  }

  /** Has the proxy of the client's connection end it; false when there is none, or its proxy cannot be told. */
  disconnect(clientId: string, reasonCode: number, reason: string): boolean {
    const session = this.#clients.get(clientId)?.session
    if (session === undefined || session.disconnectedAtMs !== undefined) return false
    return this.#tellDisconnected(clientId, session, reasonCode, reason)
  }

  /** Resolves once the session's end is durable. */
  async delete(clientId: string): Promise<Deleted> {
    const { status, reasonCode } = await new Promise<home.HomeAnswer>((reply) => {
      const call = { id: 0, queue: 0, clientId, call: undefined }
      this.#submit(clientId, { type: 'delete', now: this.#options.clock.now() }, { call, proxy: 0, reply })
    })
    if (status === home.HomeStatus.OK) return 'deleted'
    if (status === home.HomeStatus.NOT_OWNER) return 'not-owner'
    return reasonCode === 0 ? 'absent' : 'busy'
  }

  close(): void {
    this.#closed = true
    this.store.close()
  }

  proxyDied(proxy: number): void {
    for (const clientId of this.#clients.keys()) this.#proxyDied(clientId, proxy)
  }

  call(call: home.HomeCall, proxy: number, reply: Reply): void {
    this.#ask({ call, proxy, reply }, true)
  }

  /**
   * "No" is said once the end of what was there is durable, and when no newer home had begun after the question. What begins
   * meanwhile is there.
   */
  async answer(asked: AskedOfHome): Promise<Told> {
    const before = tell(asked, this.#clients, this.#shared)
    await both(this.store.put([]), this.store.checkFence())
    return either(before, tell(asked, this.#clients, this.#shared))
  }

  #proxyDied(clientId: string, proxy: number): void {
    this.#submit(clientId, { type: 'proxy-died', proxy, now: this.#options.clock.now() })
    this.#unpark(clientId)
  }

  #ask(asked: Asked, reportPossible: boolean): void {
    // It may have died while its CONNECT waited: nobody would report the end of that connection.
    if (!this.#options.proxyAlive(asked.proxy)) return
    const command = this.#commandOf(asked, reportPossible)
    if (command === undefined) {
      asked.reply(status(asked.call.id, home.HomeStatus.REFUSED, reasonCodes.unspecified))
      return
    }
    this.#submit(asked.call.clientId, command, asked)
    if (command.type === 'close') this.#unpark(asked.call.clientId)
  }

  #commandOf({ call: { clientId, call }, proxy }: Asked, mayWait: boolean): ClientCommand | undefined {
    const now = this.#options.clock.now()
    switch (call?.$case) {
      case 'open': {
        const holder = holderOf(this.#clients.get(clientId) ?? unknownClient)
        const reportPossible = mayWait && holder !== undefined && this.#options.proxyAlive(holder.proxy)
        const number = { epoch: this.#options.epoch, counter: ++this.#counter }
        const sessionsFull = this.#clients.size >= this.#options.sessionsMax
        return { type: 'open', clientId, request: call.value, proxy, number, reportPossible, sessionsFull, now }
      }
      case 'announce':
        return { type: 'announce', request: call.value, proxy, ended: this.#ended.get(clientId) }
      case 'close':
        return { type: 'close', request: call.value, now }
      case 'subscribe':
        return { type: 'subscribe', request: call.value }
      case 'unsubscribe':
        return { type: 'unsubscribe', request: call.value }
      case 'checkpoint':
        return { type: 'checkpoint', request: call.value }
      case 'journal':
        return { type: 'journal', request: call.value }
      default:
        return undefined
    }
  }

  #submit(clientId: string, command: ClientCommand, asked?: Asked): void {
    if (this.#closed) {
      asked?.reply(status(asked.call.id, home.HomeStatus.NOT_OWNER))
      return
    }
    const before = this.#clients.get(clientId) ?? unknownClient
    const { events, effects } = decide(before, command)
    const asking = asked !== undefined && takesOver(command, effects) ? this.#takeover(clientId, asked) : asked
    let client = before
    const writes: HomeWrite[] = []
    for (const event of events) {
      writes.push(...writesOf(clientId, client, event))
      client = evolve(client, event)
    }
    let durable: Promise<void>
    try {
      // A durable write is a check of the epoch in itself; a number given without one needs the check alone (rule 2).
      const gives = effects.some(({ type }) => type === 'opened')
      // A session's end may be more than fits into one put: a long client id is the key of all that it has.
      const ends = events.some(({ type }) => type === 'session-ended')
      const put = ends ? this.store.putInOrder(writes) : this.store.put(writes)
      durable = writes.length === 0 && gives ? both(put, this.store.checkFence()) : put
    } catch (error) {
      this.#refuse(clientId, error, asking)
      return
    }
    this.#keep(clientId, before, client)
    durable.then(
      () => {
        for (const effect of effects) this.#perform(clientId, client, effect, asking)
      },
      () => asking?.reply(status(asking.call.id, home.HomeStatus.NOT_OWNER)),
    )
  }

  /** From the CONNECT until it is answered, with the wait for the last word of the connection before. */
  #takeover(clientId: string, asked: Asked): Asked {
    const { tracer, counters } = this.#options.telemetry
    counters.sessionTakeovers++
    const attributes = { 'messaging.client.id': clientId, 'tern.proxy': asked.proxy, 'tern.epoch': this.#options.epoch }
    const span = tracer.start('session takeover', { attributes })
    const reply: Reply = (answer) => {
      span.set({ 'tern.session_present': answer.opened?.sessionPresent })
      span.end(answer.status === home.HomeStatus.OK ? undefined : `refused with status ${answer.status}`)
      asked.reply(answer)
    }
    return { ...asked, reply }
  }

  /** What time or a death asked for is asked again later; a caller is told. */
  #refuse(clientId: string, error: unknown, asked: Asked | undefined): void {
    if (!(error instanceof StateRefused)) throw error
    this.#options.logger.warn('home refused a change', { clientId, reason: error.message })
    if (asked === undefined) this.#deadlines.add(clientId, this.#options.clock.now() + retryMs)
    else asked.reply(status(asked.call.id, home.HomeStatus.REFUSED, reasonCodes.quotaExceeded))
    this.#tick()
  }

  #keep(clientId: string, before: Client, client: Client): void {
    this.#shared.changed(before, client)
    this.index.changed(clientId, before, client)
    const number = newestNumber(client) === undefined ? newestNumber(before) : undefined
    if (number !== undefined) {
      this.#ended.delete(clientId)
      this.#ended.set(clientId, number)
      const [oldest] = this.#ended.keys()
      if (this.#ended.size > homeLimits.endedMax && oldest !== undefined) this.#ended.delete(oldest)
    }
    if (isForgotten(client)) this.#clients.delete(clientId)
    else this.#clients.set(clientId, client)
    if (client !== before) this.#watch(clientId)
  }

  #perform(clientId: string, client: Client, effect: ClientEffect, asked: Asked | undefined): void {
    const id = asked?.call.id ?? 0
    const { OK, SUPERSEDED, REFUSED } = home.HomeStatus
    if (effect.type === 'opened') asked?.reply(opened(id, client, effect.connection, effect.present))
    else if (effect.type === 'done') asked?.reply(status(id, OK))
    else if (effect.type === 'superseded') asked?.reply(status(id, SUPERSEDED))
    else if (effect.type === 'refused') asked?.reply(status(id, REFUSED, effect.reasonCode))
    else if (effect.type === 'absent') asked?.reply(status(id, REFUSED))
    else if (effect.type === 'push-superseded') this.#tellOver(clientId, effect)
    else if (effect.type === 'push-deleted')
      this.#tellDisconnected(clientId, effect, reasonCodes.administrativeAction, 'its session was deleted')
    else if (effect.type === 'await-report') {
      const told = this.#tellOver(clientId, effect)
      if (told || effect.patient) this.#park(clientId, asked)
      else if (asked !== undefined) this.#ask(asked, false)
    } else if (effect.type === 'fire-will') this.#fire(clientId, effect, asked)
  }

  #tellOver(
    clientId: string,
    { proxy, connection }: Readonly<{ proxy: number; connection: ConnectionNumber }>,
  ): boolean {
    return this.#options.push(proxy, { clientId, push: { $case: 'superseded', value: { connection } } })
  }

  #tellDisconnected(
    clientId: string,
    { proxy, connection }: Readonly<{ proxy: number; connection: ConnectionNumber }>,
    reasonCode: number,
    reason: string,
  ): boolean {
    const value = { connection, reasonCode, reason }
    return this.#options.push(proxy, { clientId, push: { $case: 'disconnected', value } })
  }

  #park(clientId: string, asked: Asked | undefined): void {
    if (asked === undefined) return
    const waiting = this.#parked.get(clientId) ?? new Set()
    this.#parked.set(clientId, waiting)
    const resume = () => {
      timer.cancel()
      waiting.delete(resume)
      if (waiting.size === 0 && this.#parked.get(clientId) === waiting) this.#parked.delete(clientId)
      this.#ask(asked, false)
    }
    const timer = this.#options.clock.after(homeLimits.reportWaitMs, resume)
    waiting.add(resume)
  }

  #unpark(clientId: string): void {
    for (const resume of [...(this.#parked.get(clientId) ?? [])]) resume()
  }

  async #fire(clientId: string, { will, again }: Extract<ClientEffect, { type: 'fire-will' }>, asked?: Asked) {
    const { topic, body } = willRecord(clientId, will)
    while (!this.#closed) {
      try {
        await this.#options.publishWill(topic, body)
        this.#options.telemetry.counters.willsPublished++
        break
      } catch (error) {
        this.#options.logger.warn('a will could not be published yet', { clientId, error: String(error) })
        await pause(this.#options.clock, retryMs)
      }
    }
    // The next home finds it due and publishes it.
    if (this.#closed) asked?.reply(status(asked.call.id, home.HomeStatus.NOT_OWNER))
    else {
      this.#submit(clientId, { type: 'will-published', connection: will.connection })
      if (again && asked !== undefined) this.#ask(asked, true)
    }
  }

  #watch(clientId: string): void {
    const client = this.#clients.get(clientId)
    const at = client && nextDueAt(client)
    if (at !== undefined) this.#deadlines.add(clientId, at)
    this.#tick()
  }

  #tick(): void {
    if (this.#ticking || this.#closed || this.#deadlines.size === 0) return
    this.#ticking = true
    this.#options.clock.after(tickMs, () => {
      this.#ticking = false
      const now = this.#options.clock.now()
      for (const clientId of this.#deadlines.take(now)) {
        const client = this.#clients.get(clientId)
        const proxy = client?.session?.proxy ?? client?.will?.stored.proxy
        if (proxy !== undefined && !this.#options.proxyAlive(proxy)) this.#proxyDied(clientId, proxy)
        this.#submit(clientId, { type: 'due', now })
        this.#watch(clientId)
      }
      this.#tick()
    })
  }
}
