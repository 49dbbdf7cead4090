import { metrics } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import { badField } from '../../core/api/refusal.ts'
import { checkRangeQuestion } from '../../core/query/range-question.ts'
import type { TraceServices } from '../traces/trace-services.ts'

const asked = metrics.MetricsServiceService
const answerWithinMs = 5_000
const invalidArgument = 3

/** The figures of the last quarter of an hour, from whichever trace service of the region answers. */
export function metricsService(services: TraceServices): PublicService {
  return publicService(asked, {
    listMetrics: (_: metrics.ListMetricsRequest, { signal }) =>
      services.ask(asked.listMetrics, {}, answerWithinMs, signal),
    queryRange: async (request: metrics.QueryRangeRequest, { signal }) =>
      services.ask(asked.queryRange, checkRangeQuestion(request), answerWithinMs, signal).catch(tooMuch),
  })
}

function tooMuch(error: unknown): never {
  const { code, details } = error as { code?: number; details?: string }
  if (code === invalidArgument) throw badField('step', 'FIELD_INVALID', `is too small: ${details ?? ''}`)
  throw error
}
