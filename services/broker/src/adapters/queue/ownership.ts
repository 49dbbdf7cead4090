import type { Log, OffsetRange } from '@tern/log'
import type { RouteTable } from '@tern/routing'
import type { Clock, Logger } from '@tern/runtime'
import { inSpan, type Span } from '@tern/telemetry'
import type { Telemetry } from '../../core/counters.ts'
import type { Quotas } from '../../core/quotas.ts'
import type { HomeService } from '../home/service.ts'
import { CatchUpMeter, reportEveryMs } from '../past/catch-up-meter.ts'
import { PageCache } from '../past/page-cache.ts'
import type { AskHomes } from './ask-homes.ts'
import { messagesTopic } from './queue-records.ts'
import { QueueRunner } from './queue-runner.ts'
import type { PublishAll } from './rerouter.ts'
import { Snapshots } from './snapshots.ts'

/** Where a log does not tell when others append; each look costs a broker a call to it. */
const compareInterval = 200
/** Where it does, retention is learned by it. */
const compareWatchedInterval = 1_000
const coverInterval = 500
const retryDelay = 200

type Owned = { epoch: number; ready: Promise<QueueRunner>; runner: QueueRunner | undefined }

export type OwnershipOptions = Readonly<{
  broker: number
  log: Log
  clock: Clock
  logger: Logger
  homes: HomeService
  publishAll: PublishAll
  askHomes: AskHomes
  quotas: Quotas
  telemetry: Telemetry
  proxyAlive(incarnation: number): boolean
}>

/** The queues that the route table gives to this broker: takes them over, gives them up, keeps them going. */
export class Ownership {
  private readonly options: OwnershipOptions
  private readonly owned = new Map<number, Owned>()
  private readonly pages = new PageCache()
  private readonly meter: CatchUpMeter
  private reportedAt: number
  private stopped = false
  private readonly changed: () => void
  private readonly watch: Readonly<{ cancel(): void }> | undefined

  constructor(options: OwnershipOptions, changed: () => void) {
    this.options = options
    this.meter = new CatchUpMeter(options.telemetry.counters)
    this.changed = changed
    this.reportedAt = options.clock.now()
    this.compare()
    this.cover()
    this.watch = options.log.watch?.(
      messagesTopic,
      () => new Map(this.runners().map(({ queue, quietAt }) => [queue, quietAt])),
      (queue, range) => void this.grown(queue, range),
    )
  }

  /** Those whose takeover is under way. */
  get opening(): number {
    return this.owned.size - this.serving.length
  }

  /** Queues that are served now, or whose takeover is under way. */
  get all(): number[] {
    return [...this.owned.keys()]
  }

  /** Queues that are served now. */
  get serving(): number[] {
    return [...this.owned].filter(([, { runner }]) => runner !== undefined).map(([queue]) => queue)
  }

  follow(table: RouteTable): void {
    if (this.stopped) return
    for (let queue = 0; queue < table.queues; queue++) {
      const owner = table.ownerOf(queue)
      const known = this.owned.get(queue)
      if (owner?.broker !== this.options.broker) this.giveUp(queue)
      else if (known === undefined || known.epoch < owner.epoch) this.takeOver(queue, table.queues, owner.epoch)
    }
  }

  /** The runner, when it serves now. */
  get(queue: number): QueueRunner | undefined {
    return this.owned.get(queue)?.runner
  }

  /** Whether a takeover of the queue is under way, or done. */
  expects(queue: number): boolean {
    return this.owned.has(queue)
  }

  epochOf(queue: number): number {
    return this.owned.get(queue)?.epoch ?? 0
  }

  /** The runner, waiting for a takeover that is under way; undefined when the queue is not this broker's. */
  async when(queue: number): Promise<QueueRunner | undefined> {
    const known = this.owned.get(queue)
    const runner = await known?.ready.catch(() => undefined)
    return this.owned.get(queue) === known ? runner : undefined
  }

  /** Brings the queues up to the ends that the log has after this call. */
  async compareNow(queues: readonly number[]): Promise<void> {
    if (queues.length === 0) return
    const ranges = await this.options.log.offsets(messagesTopic, queues)
    await Promise.all(queues.map((queue, i) => this.get(queue)?.compareWith(ranges[i]!)))
  }

  /** Every queue that is served now. */
  runners(): QueueRunner[] {
    return [...this.owned.values()].flatMap(({ runner }) => runner ?? [])
  }

  giveUp(queue: number): void {
    const known = this.owned.get(queue)
    if (known === undefined) return
    this.owned.delete(queue)
    this.options.telemetry.counters.queuesGivenUp++
    known.runner?.close()
    this.options.homes.close(queue)
    this.changed()
  }

  stop(): void {
    for (const queue of [...this.owned.keys()]) this.giveUp(queue)
    this.stopped = true
    this.watch?.cancel()
  }

  private takeOver(queue: number, queues: number, epoch: number): void {
    this.giveUp(queue)
    const { clock, logger } = this.options
    const owned: Owned = { epoch, runner: undefined, ready: this.open(queue, queues, epoch) }
    this.owned.set(queue, owned)
    owned.ready.then(
      (runner) => {
        if (this.owned.get(queue) === owned) {
          owned.runner = runner
          this.changed()
        } else runner.close()
      },
      (error: unknown) => {
        if (this.owned.get(queue) !== owned) return
        this.options.telemetry.counters.takeoversFailed++
        logger.warn('a takeover failed; it is tried again', { queue, epoch, error: String(error) })
        clock.after(retryDelay, () => {
          if (this.owned.get(queue) === owned && !this.stopped) this.takeOver(queue, queues, epoch)
        })
      },
    )
  }

  private open(queue: number, queues: number, epoch: number): Promise<QueueRunner> {
    const attributes = { 'tern.queue': queue, 'tern.epoch': epoch, 'tern.broker': this.options.broker }
    const span = this.options.telemetry.tracer.start('queue takeover', { attributes })
    return inSpan(span, () => this.openTraced(queue, queues, epoch, span))
  }

  private async openTraced(queue: number, queues: number, epoch: number, span: Span): Promise<QueueRunner> {
    const { log, clock, homes, publishAll, askHomes, proxyAlive, quotas, telemetry } = this.options
    const logger = this.options.logger.child({ queue, epoch })
    logger.info('takes a queue over', span.fields)
    const began = clock.now()
    await inSpan(span.child('open home'), () => homes.open(queue, epoch))
    const homeServes = clock.now()
    const store = homes.store(queue)
    if (store === undefined) throw new Error('the home was closed while it opened')
    const snapshots = new Snapshots(store, logger, telemetry)
    const { pages, meter } = this
    const shared = { log, clock, logger, publishAll, askHomes, proxyAlive, pages, meter, quotas, telemetry }
    const runner = await inSpan(span.child('read queue'), () =>
      QueueRunner.open({ queue, queues, snapshots, store, ...shared }),
    )
    const phases = { homeMs: homeServes - began, queueMs: clock.now() - homeServes }
    telemetry.counters.takeoverDelay.record((clock.now() - began) / 1000)
    span.set({ 'tern.position': runner.position })
    logger.info('serves a queue', { position: runner.position, ...phases, ...span.fields })
    return runner
  }

  private async grown(queue: number, range: OffsetRange): Promise<void> {
    try {
      await this.get(queue)?.compareWith(range)
    } catch (error) {
      this.options.logger.warn('what others wrote could not be read; it is tried again', { error: String(error) })
    }
  }

  private compare(): void {
    if (this.stopped) return
    const { clock, logger, log } = this.options
    const interval = log.watch === undefined ? compareInterval : compareWatchedInterval
    this.compareNow(this.serving)
      .catch((error: unknown) => logger.warn('the log could not be compared', { error: String(error) }))
      .finally(() => clock.after(interval, () => this.compare()))
  }

  private cover(): void {
    if (this.stopped) return
    for (const runner of this.runners()) {
      runner.keep()
      runner.dispatcher.reportCovered()
    }
    this.report()
    this.options.clock.after(coverInterval, () => this.cover())
  }

  /** One line for all that caught up, so that an operator sees what it costs. */
  private report(): void {
    const { clock, logger } = this.options
    const now = clock.now()
    if (now - this.reportedAt < reportEveryMs) return
    this.reportedAt = now
    const cost = this.meter.take()
    if (cost) logger.info('sessions caught up', cost)
  }
}
