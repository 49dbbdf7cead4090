import type { Log } from '@tern/log'
import { home, type question } from '@tern/proto'
import type { Clock, Logger } from '@tern/runtime'
import type { Telemetry } from '../../core/counters.ts'
import { status } from './calls.ts'
import { HomeRunner } from './runner.ts'
import { openStateStore, type StateStore } from './state-store.ts'

export type HomeServiceOptions = Readonly<{
  log: Log
  /** This broker's incarnation. */
  broker: number
  /** Of each home. */
  sessionsMax: number
  clock: Clock
  logger: Logger
  telemetry: Telemetry
  /** Resolves once the record is on the log; repeated with the same body until it does. */
  publishWill(topic: string, body: Buffer): Promise<void>
  proxyAlive(incarnation: number): boolean
}>

export type HomeService = Readonly<{
  /** Rejects with Superseded when a higher epoch has begun. */
  open(queue: number, epoch: number): Promise<void>
  close(queue: number): void
  call(queue: number, call: home.HomeCall, proxy: number, reply: (answer: home.HomeAnswer) => void): void
  /** What the owner of a queue asks before it forgets. */
  ask(question: question.HomeQuestion): Promise<question.HomeQuestionAnswer>
  /** The recorded death of a proxy incarnation. */
  proxyDied(incarnation: number): void
  /** The listener says whether the proxy has a stream to this broker. */
  onPush(listener: (proxy: number, push: home.HomePush) => boolean): void
  onSuperseded(listener: (queue: number, epoch: number) => void): void
  store(queue: number): StateStore | undefined
  /** Clients that the homes know. */
  clients(): number
  /** Those that serve, by queue. */
  serving(): ReadonlyMap<number, HomeRunner>
}>

/** The homes of the queues that this broker owns. */
export function createHomeService({ log, broker, ...options }: HomeServiceOptions): HomeService {
  const homes = new Map<number, HomeRunner>()
  /** The latest wish for each queue: an open that was overtaken by a close comes to nothing. */
  const wanted = new Map<number, number>()
  let pushed: (proxy: number, push: home.HomePush) => boolean = () => false
  let superseded: (queue: number, epoch: number) => void = () => {}

  function close(queue: number): void {
    wanted.delete(queue)
    homes.get(queue)?.close()
    homes.delete(queue)
  }

  async function open(queue: number, epoch: number): Promise<void> {
    close(queue)
    wanted.set(queue, epoch)
    const { clock } = options
    const logger = options.logger.child({ queue, epoch })
    const onSuperseded = () => {
      if (wanted.get(queue) !== epoch) return
      logger.info('a newer home has begun')
      close(queue)
      superseded(queue, epoch)
    }
    const store = await openStateStore({ log, queue, epoch, broker, clock, logger, onSuperseded })
    if (wanted.get(queue) !== epoch) {
      store.close()
      return
    }
    homes.set(queue, new HomeRunner(store, { ...options, epoch, logger, push: (proxy, push) => pushed(proxy, push) }))
  }

  return {
    open,
    close,
    call(queue, call, proxy, reply) {
      const runner = homes.get(queue)
      if (runner === undefined) reply(status(call.id, home.HomeStatus.NOT_OWNER))
      else runner.call(call, proxy, reply)
    },
    async ask({ id, queue, question: asked }) {
      const answer = await homes
        .get(queue)
        ?.answer(asked)
        .catch(() => undefined)
      return { id, notOwner: answer === undefined, answer }
    },
    proxyDied(incarnation) {
      for (const runner of homes.values()) runner.proxyDied(incarnation)
    },
    onPush(listener) {
      pushed = listener
    },
    onSuperseded(listener) {
      superseded = listener
    },
    store: (queue) => homes.get(queue)?.store,
    clients: () => [...homes.values()].reduce((sum, { clients }) => sum + clients, 0),
    serving: () => homes,
  }
}
