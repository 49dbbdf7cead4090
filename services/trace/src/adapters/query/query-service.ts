import { traceQuery } from '@tern/proto'
import { type RpcService, rpcError, unaryHandler } from '@tern/rpc'
import { messageIdOf, type TraceIds } from '@tern/telemetry'
import { deliveriesOf } from '../../core/story/deliveries.ts'
import { deliverySpans } from '../../core/story/delivery-spans.ts'
import { ternSpanOf } from '../../core/story/tern-trace.ts'
import { wholeTraceOf } from '../../core/story/whole-trace.ts'
import type { LogTraceStore } from '../store/log-trace-store.ts'
import { outcomeOf } from './outcome.ts'
import { searchTraces } from './search-traces.ts'

/** A question that takes longer is given up. */
const answerWithinMs = 10_000
/** Of one message so many deliveries are told to whoever asks why. */
const deliveriesMax = 1_000

export type QueryOptions = Readonly<{ store: LogTraceStore; traceIds: TraceIds; now: () => number }>

/** What proxies ask, to serve the public API. */
export function queryRpcService({ store, traceIds, now }: QueryOptions): RpcService {
  const bounded = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)])
  const storyOf = async (queue: number, position: number, signal: AbortSignal) =>
    (await store.stories.of(queue, new Set([position]), bounded(signal)))[0]
  const implementation: traceQuery.QueryServiceServer = {
    getMessageTrace: unaryHandler(async ({ queue, position }, signal) => {
      const story = await storyOf(queue, position, signal)
      if (story === undefined)
        throw rpcError('NOT_FOUND', `nothing is known of message ${messageIdOf(queue, position)}`)
      const { foreign } = await store.parts(story.traceId, bounded(signal))
      return { trace: wholeTraceOf(story.traceId, [story], foreign) }
    }),
    getTrace: unaryHandler(async ({ traceId }, signal) => {
      const { stories, foreign } = await store.parts(traceId, bounded(signal))
      const trace = wholeTraceOf(traceId, stories, foreign)
      if (trace === undefined) throw rpcError('NOT_FOUND', `there is no trace ${traceId}, or retention took it`)
      return { trace }
    }),
    searchTraces: unaryHandler((request, signal) => searchTraces(store, traceIds, request, now(), bounded(signal))),
    listDeliveries: unaryHandler(async ({ queue, position, clientId }, signal) => {
      const story = await storyOf(queue, position, signal)
      if (story === undefined) return { deliveries: [], spans: [], incomplete: false }
      const all = deliveriesOf(story)
      const asked = all.filter((each) => each.clientId === clientId || each.filter.startsWith('$share/'))
      const mine = asked.filter((each) => each.clientId === clientId)
      return {
        deliveries: asked.slice(0, deliveriesMax).map(({ last, filter }) => ({
          ...{ clientId: last.clientId, filter, outcome: outcomeOf(last.kind), attempt: last.attempt, qos: last.qos },
          ...{ reasonCode: last.code, reason: last.reason, startUs: last.startUs, endUs: last.endUs },
        })),
        spans: mine.flatMap((each) => deliverySpans(story, each)).map((span) => ternSpanOf(span, false)),
        incomplete: story.incomplete,
      }
    }),
  }
  return { definition: traceQuery.QueryServiceService, implementation }
}
