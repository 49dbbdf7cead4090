import { setImmediate as nextTurn } from 'node:timers/promises'
import { tempopb } from '@tern/proto'
import { comparing } from '../../core/over-time/compare.ts'
import { type Intervals, type OverTime, overTime, seriesMax } from '../../core/over-time/over-time.ts'
import { viewOf } from '../../core/spans/trace-view.ts'
import { hintsOf } from '../../core/traceql/hints.ts'
import type { Query } from '../../core/traceql/syntax.ts'
import type { TimeRange } from '../../ports.ts'
import type { Context } from './context.ts'
import { tempoLimits } from './limits.ts'
import { TempoProblem } from './problem.ts'
import { parsed } from './query.ts'
import { bounded, tooLong } from './searching.ts'

/** Points of a line; a screen has fewer. */
const intervalsMax = 11_000

export type OverTimeQuestion = Readonly<{ text: string; range: TimeRange; step: bigint }>

export async function queryRange(
  context: Context,
  question: OverTimeQuestion,
  signal: AbortSignal,
): Promise<tempopb.QueryRangeResponse> {
  const { range, step } = question
  const start = range.start - (range.start % step)
  const count = Number((range.end - start) / step) + 1
  if (count > intervalsMax) {
    throw new TempoProblem(
      400,
      `the step is too short: ${count} points of each line are more than ${intervalsMax}; choose a longer step`,
    )
  }
  return counted(context, question, { start, step, count }, signal)
}

/** One number for the whole range. */
export async function queryInstant(
  context: Context,
  { text, range }: Omit<OverTimeQuestion, 'step'>,
  signal: AbortSignal,
): Promise<tempopb.QueryInstantResponse> {
  const step = range.end - range.start + 1n
  const { series, ...others } = await counted(
    context,
    { text, range, step },
    { start: range.start, step, count: 1 },
    signal,
  )
  const values = series.flatMap(({ labels, samples }) =>
    samples.map(({ value }) => ({ labels, value, promLabels: '' })),
  )
  return { series: values, ...others }
}

async function counted(
  { store, searches }: Context,
  { text, range }: OverTimeQuestion,
  intervals: Intervals,
  given: AbortSignal,
): Promise<tempopb.QueryRangeResponse> {
  const query = parsed(text)
  const counting = countingOf(query, range, intervals)
  const signal = bounded(given, tempoLimits.countingMsMax)
  const metrics = tempopb.SearchMetrics.fromPartial({})
  let wholeFrom = range.end
  const leave = searches.enter()
  try {
    for await (const { traces, progress } of store.search({ range, hints: hintsOf(query) }, signal)) {
      for (const trace of traces) {
        const view = viewOf(trace)
        if (view === undefined) continue
        counting.add(view)
        metrics.inspectedTraces += 1
        metrics.inspectedSpans += BigInt(view.spans.length)
      }
      metrics.inspectedBytes = BigInt(Math.round(progress.inspectedBytes))
      Object.assign(metrics, { totalBlocks: progress.total, totalJobs: progress.total, completedJobs: progress.done })
      wholeFrom = progress.wholeFrom ?? wholeFrom
      await nextTurn()
      signal.throwIfAborted()
    }
    wholeFrom = range.start
  } catch (error) {
    const late = tooLong(error, signal, tempoLimits.countingMsMax)
    if (
      late === error ||
      intervals.count === 1 ||
      wholeFrom > intervals.start + intervals.step * BigInt(intervals.count - 1)
    ) {
      throw late
    }
  } finally {
    leave()
  }
  return answered(counting, metrics, { wholeFrom, range })
}

/** What was counted, and of what it is not all. */
function answered(
  counting: OverTime,
  metrics: tempopb.SearchMetrics,
  { wholeFrom, range }: Readonly<{ wholeFrom: bigint; range: TimeRange }>,
): tempopb.QueryRangeResponse {
  const { series, isPartial } = counting.result()
  const isCut = wholeFrom > range.start
  const problems = [
    ...(isPartial ? [`there are more than ${seriesMax} series or values; the others are left out`] : []),
    ...(isCut
      ? [
          `there was time to count back to ${new Date(Number(wholeFrom / 1_000_000n)).toISOString()}; choose a shorter range`,
        ]
      : []),
  ]
  const since = wholeFrom / 1_000_000n
  const kept = isCut
    ? series.map((each) => ({ ...each, samples: each.samples.filter((at) => at.timestampMs >= since) }))
    : series
  return { series: kept, metrics, status: problems.length > 0 ? 1 : 0, message: problems.join('; ') }
}

function countingOf(query: Query, range: TimeRange, intervals: Intervals): OverTime {
  const { metrics } = query
  if (metrics === undefined) {
    throw new TempoProblem(
      400,
      'the query counts nothing; add for example "| rate()" or "| quantile_over_time(duration, .9)"',
    )
  }
  if (metrics.function === 'compare') return comparing({ ...query, metrics }, range, intervals)
  return overTime({ ...query, metrics }, range, intervals)
}
