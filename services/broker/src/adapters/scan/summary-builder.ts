import { type Clock, pause } from '@tern/runtime'
import { blockOf, blockPositions, endOf } from '../../core/block-summary/block-summary.ts'
import type { QueueRunner } from '../queue/queue-runner.ts'
import { joined, type PositionRange } from './queue-scan.ts'

/** After each step, so long and longer nothing is done: whoever waits for an answer goes first, and live traffic before. */
const restMs = 20
const restFactor = 4

export type SummaryBuilderOptions = Readonly<{
  clock: Clock
  run(step: () => Promise<void>): Promise<void>
  isServed(runner: QueueRunner): boolean
}>

/**
 * Makes summaries of blocks that queries looked through without taking them apart, from the newest down, while nothing else is to be done:
 * an owner that has just taken over knows of no old block, and once asked for something rare, is likely to be asked again.
 */
export class SummaryBuilder {
  private readonly options: SummaryBuilderOptions
  private readonly wanted = new Map<QueueRunner, PositionRange>()
  private working = false

  constructor(options: SummaryBuilderOptions) {
    this.options = options
  }

  want(runner: QueueRunner, range: PositionRange): void {
    this.wanted.set(runner, joined(this.wanted.get(runner), range))
    if (this.working) return
    this.working = true
    // What fails is not needed: the next query looks through it as the first one did.
    this.work()
      .catch(() => this.wanted.clear())
      .finally(() => {
        this.working = false
      })
  }

  private async work(): Promise<void> {
    const { clock } = this.options
    for (;;) {
      const [next] = this.wanted
      if (next === undefined) return
      const [runner, { low, high }] = next
      this.wanted.delete(runner)
      const block = this.newestUnknown(runner, low, high)
      if (block === undefined) continue
      const began = clock.now()
      await this.summarise(runner, block)
      // In turn with other queues.
      this.wanted.set(runner, joined(this.wanted.get(runner), { low, high: block * blockPositions }))
      await pause(clock, Math.max(restMs, restFactor * (clock.now() - began)))
    }
  }

  /** The newest block of a range of which no summary is there; undefined when there is none, or nothing more is to be done. */
  private newestUnknown(runner: QueueRunner, low: number, high: number): number | undefined {
    if (!this.options.isServed(runner) || runner.past.remembersNoMore) return undefined
    const first = blockOf(Math.max(low, runner.logStart))
    // The last block may be growing: it is summed up as it comes.
    for (let block = blockOf(Math.min(high, runner.state.next)) - 1; block >= first; block--) {
      if (!runner.past.knows(Math.max(block * blockPositions, runner.logStart))) return block
    }
    return undefined
  }

  private async summarise(runner: QueueRunner, block: number): Promise<void> {
    for (let at = Math.max(block * blockPositions, runner.logStart); at < endOf(block); ) {
      await this.options.run(async () => {
        const { next } = await runner.past.look(at, endOf(block), [])
        at = Math.max(at + 1, next)
      })
    }
  }
}
