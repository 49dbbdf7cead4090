import { setImmediate as nextTurn } from 'node:timers/promises'
import { tempopb } from '@tern/proto'
import { summarizing } from '../../core/search/summary.ts'
import { viewOf } from '../../core/spans/trace-view.ts'
import { hintsOf } from '../../core/traceql/hints.ts'
import type { TimeRange } from '../../ports.ts'
import type { Context } from './context.ts'
import { tempoLimits } from './limits.ts'
import type { Limits } from './parameters.ts'
import { TempoProblem } from './problem.ts'
import { parsed } from './query.ts'

export type SearchQuestion = Readonly<{ text: string; range: TimeRange; limits: Limits }>

/** What a step of a search found. */
export type Found = Readonly<{ traces: readonly tempopb.TraceSearchMetadata[]; metrics: tempopb.SearchMetrics }>

/** Yields at least once, and each trace once; the last one says that all work is done. */
export async function* search(context: Context, question: SearchQuestion, signal: AbortSignal): AsyncGenerator<Found> {
  const query = parsed(question.text)
  if (query.metrics !== undefined) {
    throw new TempoProblem(400, `${query.metrics.function}() counts over time; it is asked at /api/metrics/query_range`)
  }
  const summarize = summarizing(query, question.limits.spansPerSet)
  const request = { range: question.range, hints: hintsOf(query) }
  const budget = { traces: question.limits.limit, bytes: tempoLimits.searchBytesMax as number }
  const metrics = noMetrics()
  const leave = context.searches.enter()
  try {
    for await (const step of context.store.search(request, signal)) {
      const traces: tempopb.TraceSearchMetadata[] = []
      for (const candidate of step.traces) {
        const view = viewOf(candidate)
        if (view === undefined) continue
        metrics.inspectedTraces += 1
        metrics.inspectedSpans += BigInt(view.spans.length)
        const summary = summarize(view)
        if (summary === undefined) continue
        traces.push(summary)
        budget.traces -= 1
        budget.bytes -= tempopb.TraceSearchMetadata.encode(summary).finish().length
        if (budget.traces <= 0 || budget.bytes <= 0) break
      }
      const { done, total, inspectedBytes } = step.progress
      metrics.inspectedBytes = BigInt(Math.round(inspectedBytes))
      Object.assign(metrics, { totalBlocks: total, totalJobs: total, completedJobs: Math.min(done, total) })
      yield { traces, metrics: { ...metrics } }
      if (budget.traces <= 0 || budget.bytes <= 0) break
      // What others wait for, such as spans that come in, has its turn between two steps.
      await nextTurn()
      signal.throwIfAborted()
    }
    yield { traces: [], metrics: { ...metrics, completedJobs: metrics.totalJobs } }
  } catch (error) {
    throw tooLong(error, signal)
  } finally {
    leave()
  }
}

const noMetrics = (): tempopb.SearchMetrics => ({
  inspectedTraces: 0,
  inspectedBytes: 0n,
  totalBlocks: 0,
  completedJobs: 0,
  totalJobs: 0,
  totalBlockBytes: 0n,
  inspectedSpans: 0n,
})

/** The words for a search that was cut off by its time. */
export function tooLong(error: unknown, signal: AbortSignal, ms: number = tempoLimits.searchMsMax): unknown {
  const reason = signal.reason as { name?: string } | undefined
  if (!signal.aborted || reason?.name !== 'TimeoutError') return error
  return new TempoProblem(
    503,
    `the search took longer than ${ms / 1000} s; choose a shorter time range, or ask for a client, a topic or a message`,
  )
}

/** Ends with whoever asked, and after the time that a search may take. */
export const bounded = (signal: AbortSignal, ms: number = tempoLimits.searchMsMax): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(ms)])
