import { metrics, numbers } from '@tern/proto'
import { type RpcService, rpcError, unaryHandler } from '@tern/rpc'
import type { NumberHistory } from '../../core/numbers/number-history.ts'
import { queryRange } from '../../core/numbers/query-range.ts'
import { historySeconds } from '../../core/numbers/series.ts'

/** An answer holds no more values: some 2 MB. */
const valuesMax = 200_000

const secondOf = (ms: number) => Math.floor(ms / 1_000)

/** Where processes tell what they count. */
export function numbersRpcService(history: NumberHistory, now: () => number): RpcService {
  let forgottenAt = 0
  const implementation: numbers.NumbersServiceServer = {
    report: unaryHandler(({ members }: numbers.ReportRequest) => {
      const second = secondOf(now())
      for (const member of members) history.take(member, second)
      if (second - forgottenAt >= 60) {
        forgottenAt = second
        history.forget(second)
      }
      return {}
    }),
  }
  return { definition: numbers.NumbersServiceService, implementation }
}

/** tern.v1.MetricsService for proxies, which have checked what they ask. */
export function metricsRpcService(history: NumberHistory, now: () => number): RpcService {
  const implementation: metrics.MetricsServiceServer = {
    listMetrics: unaryHandler(() => ({
      metrics: history.described().map(({ name, unit, help, labels }) => ({ name, unit, help, labels })),
    })),
    queryRange: unaryHandler((request: metrics.QueryRangeRequest) => answer(history, request, secondOf(now()))),
  }
  return { definition: metrics.MetricsServiceService, implementation }
}

function answer(
  history: NumberHistory,
  { names, startTime, endTime, step: asked, groupBy }: metrics.QueryRangeRequest,
  second: number,
): metrics.QueryRangeResponse {
  // The present second is not told of by everybody yet.
  const end = Math.min(second - 1, endTime === undefined ? second - 1 : endTime.seconds)
  const oldest = second - historySeconds
  const start = Math.max(oldest, startTime === undefined ? oldest : startTime.seconds)
  const step = Math.max(1, Math.round(asked?.seconds ?? 1))
  const group = groupBy === 'member' || groupBy === 'zone' ? groupBy : ''
  const series = queryRange(history, { names, start, end, step, groupBy: group })
  const values = series.reduce((sum, each) => sum + each.values.length, 0)
  if (values > valuesMax) {
    throw rpcError(
      'INVALID_ARGUMENT',
      `that are ${values} values, more than ${valuesMax}; give fewer names, or a greater step`,
    )
  }
  const first = { seconds: start + step, nanos: 0 }
  return {
    series: series.map(({ name, labels, values: known }) => ({
      ...{ name, labels, startTime: first, step: { seconds: step, nanos: 0 }, values: [...known] },
    })),
    unreachable: history.silent(second),
  }
}
