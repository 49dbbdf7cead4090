import type { Log } from '@tern/log'
import { scan } from '@tern/proto'
import { type RpcService, rpcError, unaryHandler, withViews } from '@tern/rpc'
import type { Clock } from '@tern/runtime'
import type { Ownership } from '../queue/ownership.ts'
import { messagesTopic } from '../queue/queue-records.ts'
import { readRecords } from './read-records.ts'
import { scanRetained } from './retained-scan.ts'
import { ScanLane } from './scan-lane.ts'
import { type ScanCall, ScanRun } from './scan-run.ts'
import { SummaryBuilder } from './summary-builder.ts'

/** The service as both sides use it: what carries records is not copied once more. */
const definition = withViews(scan.ScanServiceService, { scan: [scan.ScanRequest, scan.ScanResponse] })

export const scanLimits = {
  /** Calls of this broker that look at the same time. */
  scansMax: 32,
  /** Calls that wait for a queue to grow. */
  waitingMax: 4_000,
  partsMax: 1_000,
  positionsMax: 100,
  timesMax: 8,
  budgetMs: 2_000,
  waitMsMax: 20_000,
  recordsMax: 1_000,
  bytesMax: 4 * 1024 * 1024,
} as const

export type ScansOptions = Readonly<{ ownership: Ownership; log: Log; clock: Clock }>

/** Looks into the queues of a broker for the public API. */
export class Scans {
  private readonly options: ScansOptions
  private readonly lane: ScanLane
  private readonly builder: SummaryBuilder
  private scanning = 0
  private waiting = 0

  constructor(options: ScansOptions) {
    this.options = options
    const { ownership, clock } = options
    this.builder = new SummaryBuilder({
      clock,
      run: (step) => this.lane.run(step),
      isServed: (runner) => ownership.get(runner.queue) === runner,
    })
    this.lane = new ScanLane(clock, () => Math.max(0, ...ownership.runners().map(({ lastAppendMs }) => lastAppendMs)))
  }

  async locate({ queues, timesMs }: scan.LocateRequest): Promise<scan.LocateResponse> {
    limit('queues', queues.length, scanLimits.partsMax)
    limit('times', timesMs.length, scanLimits.timesMax)
    return { extents: await Promise.all(queues.map((queue) => this.extentOf(queue, timesMs))) }
  }

  async readRecords(request: scan.ReadRecordsRequest): Promise<scan.ReadRecordsResponse> {
    limit('positions', request.positions.length, scanLimits.positionsMax)
    const runner = await this.options.ownership.when(request.queue)
    if (runner === undefined) return { notOwner: true, records: [] }
    return this.counted(() => readRecords(runner, request.positions, (step) => this.lane.run(step)))
  }

  async scan(request: scan.ScanRequest, signal: AbortSignal): Promise<scan.ScanResponse> {
    limit('parts', request.parts.length, scanLimits.partsMax)
    const { clock, ownership } = this.options
    const call: ScanCall = {
      ...{ clock, ownership, signal },
      conditions: request.conditions ?? scan.ScanConditions.create(),
      room: {
        recordsMax: Math.min(request.recordsMax || scanLimits.recordsMax, scanLimits.recordsMax),
        bytesMax: Math.min(request.bytesMax || scanLimits.bytesMax, scanLimits.bytesMax),
      },
      backwards: request.backwards,
      sampleMax: request.sampleMax,
      run: (step) => this.lane.run(step),
    }
    const run = await ScanRun.begin(request.parts, call)
    const waitMs = request.backwards ? 0 : Math.min(request.waitMs, scanLimits.waitMsMax)
    const until = clock.now() + waitMs
    await this.counted(() => run.look(budgetOf(request)))
    while (run.mayWait && !signal.aborted && clock.now() < until) {
      await this.countedWaiting(() => run.untilGrown(until))
      await this.counted(() => run.look(budgetOf(request)))
    }
    run.skimmed((runner, range) => this.builder.want(runner, range))
    return run.answer()
  }

  scanRetained(request: scan.ScanRetainedRequest): scan.ScanRetainedResponse {
    limit('queues', request.queues.length, scanLimits.partsMax)
    return { parts: request.queues.map((queue) => scanRetained(this.options.ownership.get(queue), queue, request)) }
  }

  private async extentOf(queue: number, timesMs: readonly number[]): Promise<scan.QueueExtent> {
    const { ownership, log } = this.options
    const runner = await ownership.when(queue)
    if (runner === undefined) return { queue, notOwner: true, start: 0, end: 0, positions: [] }
    const found = await Promise.all(timesMs.map((timeMs) => log.offsetAt(messagesTopic, queue, timeMs)))
    const { logStart: start, state } = runner
    const positions = found.map((position) => Math.min(state.next, Math.max(start, position)))
    return { queue, notOwner: false, start, end: state.next, positions }
  }

  private async counted<Answer>(look: () => Promise<Answer>): Promise<Answer> {
    if (this.scanning >= scanLimits.scansMax)
      throw rpcError('RESOURCE_EXHAUSTED', 'too many look into the log just now')
    this.scanning++
    try {
      return await look()
    } finally {
      this.scanning--
    }
  }

  private async countedWaiting(wait: () => Promise<void>): Promise<void> {
    if (this.waiting >= scanLimits.waitingMax) throw rpcError('RESOURCE_EXHAUSTED', 'too many wait for messages')
    this.waiting++
    try {
      await wait()
    } finally {
      this.waiting--
    }
  }
}

const budgetOf = ({ budgetMs }: scan.ScanRequest): number =>
  Math.min(budgetMs || scanLimits.budgetMs, scanLimits.budgetMs)

function limit(what: string, count: number, max: number): void {
  if (count > max) throw rpcError('INVALID_ARGUMENT', `${count} ${what}; ask for at most ${max} at once`)
}

/** Serves whichever incarnation this process is at the moment. */
export function scanRpcService(scans: () => Scans | undefined): RpcService {
  const present = (): Scans => {
    const found = scans()
    if (found === undefined) throw rpcError('UNAVAILABLE', 'this broker is between two incarnations')
    return found
  }
  const implementation: scan.ScanServiceServer = {
    locate: unaryHandler((request) => present().locate(request)),
    readRecords: unaryHandler((request) => present().readRecords(request)),
    scan: unaryHandler((request, signal) => present().scan(request, signal)),
    scanRetained: unaryHandler((request) => present().scanRetained(request)),
  }
  return { definition, implementation }
}
