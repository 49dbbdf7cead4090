import type { Log } from '@tern/log'
import { control, type question } from '@tern/proto'
import type { RouteTable } from '@tern/routing'
import { type Clock, type Logger, pause } from '@tern/runtime'
import {
  countOf,
  forget,
  type Kept,
  type Suspects,
  sessionOf,
  settlement,
  suspectsOf,
  withoutKept,
} from '../../core/queue/forgetting.ts'
import { within } from '../link/within.ts'
import type { AskHomes } from '../queue/ask-homes.ts'
import { appendMarker } from '../queue/markers.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'

export const forgetting = {
  everyMs: 3_600_000,
  /** After a takeover. */
  firstMs: 10_000,
  /** When somebody did not answer. */
  retryMs: 60_000,
  /** Between the questions about one slice of clients and the next. */
  pauseMs: 50,
  lookMs: 1_000,
} as const

export type ForgetterOptions = Readonly<{
  runners(): readonly QueueRunner[]
  table(): RouteTable
  askClients(proxy: number, runner: QueueRunner, clientIds: string[]): Promise<question.ClientsAnswer>
  askHomes: AskHomes
  log: Log
  clock: Clock
  logger: Logger
  /** An hour when left out. */
  everyMs?: number | undefined
}>

/** What all live proxies say: who may not be forgotten, and how far each one's records are answered. */
type Told = Readonly<{ clients: Set<string>; answered: Map<number, number> }>

/** Lets the queues of this broker forget what nobody can bring up again (rule 4): one after the other, a slice at a time. */
export class Forgetter {
  private readonly options: ForgetterOptions
  private readonly due = new WeakMap<QueueRunner, number>()
  private readonly everyMs: number
  private stopped = false

  constructor(options: ForgetterOptions) {
    this.options = options
    this.everyMs = options.everyMs ?? forgetting.everyMs
    this.lookLater()
  }

  stop(): void {
    this.stopped = true
  }

  /** One pass over all that a queue knows of clients; how much was forgotten. Rejects when somebody could not be asked. */
  async pass(runner: QueueRunner): Promise<number> {
    let forgotten = 0
    for (const suspects of suspectsOf(runner.state, runner.logStart)) {
      forgotten += await this.ask(runner, suspects)
      await pause(this.options.clock, Math.min(forgetting.pauseMs, this.everyMs))
      if (this.stopped) break
    }
    return forgotten
  }

  private lookLater(): void {
    this.options.clock.after(Math.min(forgetting.lookMs, this.everyMs), () => {
      if (!this.stopped) void this.look().then(() => this.lookLater())
    })
  }

  private async look(): Promise<void> {
    const { runners, clock, logger } = this.options
    for (const runner of runners()) {
      const due = this.due.get(runner) ?? clock.now() + Math.min(forgetting.firstMs, this.everyMs)
      this.due.set(runner, due)
      if (clock.now() < due) continue
      const { queue } = runner
      try {
        const forgotten = await this.pass(runner)
        if (forgotten > 0) logger.info('forgot what nobody has of clients any more', { queue, forgotten })
        this.due.set(runner, clock.now() + this.everyMs)
      } catch (error) {
        logger.info('nothing more is forgotten for now', { queue, error: String(error) })
        this.due.set(runner, clock.now() + Math.min(forgetting.retryMs, this.everyMs))
      }
    }
  }

  private async ask(runner: QueueRunner, suspects: Suspects): Promise<number> {
    const table = await this.freshTable()
    const { clients, answered } = await this.askProxies(runner, table, suspects)
    const going = withoutKept(suspects, { clients, ...(await this.askHomes(suspects, clients)) })
    if (countOf(going) === 0) return 0
    await Promise.all(
      settlement(runner.state, answered, table.revision).map((marker) =>
        within<void>(this.options.clock, ({ resolve }) => appendMarker(runner, marker, resolve)),
      ),
    )
    forget(runner.state, going)
    return countOf(going)
  }

  /**
   * A proxy that is not in this table got its first connection number after this call: higher ones than the queue knows. Without
   * the comparison a table that lags would hide a proxy that has long been there.
   */
  private async freshTable(): Promise<RouteTable> {
    const [range] = await this.options.log.offsets('tern.control', [0])
    const table = this.options.table()
    if (range === undefined || table.revision < range.end - 1) throw new Error('the route table lags behind the log')
    return table
  }

  private async askProxies(runner: QueueRunner, table: RouteTable, { clientIds }: Suspects): Promise<Told> {
    const told: Told = { clients: new Set(), answered: new Map() }
    const proxies = table.members().filter(({ kind }) => kind === control.MemberKind.PROXY)
    const asked = proxies.map(async ({ incarnation }) => {
      const { held, answeredThrough } = await this.options.askClients(incarnation, runner, clientIds)
      for (const index of held) told.clients.add(clientIds[index] ?? '')
      told.answered.set(incarnation, answeredThrough)
    })
    await Promise.all(asked)
    return told
  }

  private async askHomes({ exchanges, wills }: Suspects, held: ReadonlySet<string>): Promise<Omit<Kept, 'clients'>> {
    const sessions = new Map<string, question.SessionKey>()
    for (const { clientId, key } of exchanges) {
      if (!held.has(clientId)) sessions.set(sessionOf(clientId, key.session), { clientId, incarnation: key.session })
    }
    const stored = [...wills].map(([clientId, { connection }]) => ({ clientId, connection }))
    const [existing, waiting] = await Promise.all([
      this.options.askHomes.sessionsExist([...sessions.values()]),
      this.options.askHomes.willsStored(stored),
    ])
    return {
      sessions: new Set(existing.map(({ clientId, incarnation }) => sessionOf(clientId, incarnation))),
      wills: new Set(waiting.map(({ clientId }) => clientId)),
    }
  }
}
