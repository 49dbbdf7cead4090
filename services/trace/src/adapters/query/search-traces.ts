import { setImmediate as nextTurn } from 'node:timers/promises'
import type { traceQuery, traces } from '@tern/proto'
import { rpcError } from '@tern/rpc'
import type { TraceIds } from '@tern/telemetry'
import { durationOf, type SpanView, type TraceView, viewOf } from '../../core/spans/trace-view.ts'
import { valuesOf, writtenOut } from '../../core/spans/value.ts'
import { compileQuery } from '../../core/traceql/evaluate.ts'
import { hintsOf } from '../../core/traceql/hints.ts'
import { parseQuery } from '../../core/traceql/parse.ts'
import { QueryProblem } from '../../core/traceql/syntax.ts'
import type { TraceStore } from '../../ports.ts'

const limits = { unlessTold: 20, max: 200 } as const
const hourMs = 3_600_000

/** Newest first, until there are as many as were asked for. */
export async function searchTraces(
  store: TraceStore,
  traceIds: TraceIds,
  { query: text, startTime, endTime, limit }: traceQuery.SearchTracesRequest,
  nowMs: number,
  signal: AbortSignal,
): Promise<traceQuery.SearchTracesResponse> {
  const query = parsed(text)
  const matches = compileQuery(query)
  const wanted = Math.min(limit || limits.unlessTold, limits.max)
  const end = nanosOf(endTime) ?? BigInt(nowMs) * 1_000_000n
  const start = nanosOf(startTime) ?? end - BigInt(hourMs) * 1_000_000n
  const found: traces.TraceSummary[] = []
  let inspected = 0
  for await (const step of store.search({ range: { start, end }, hints: hintsOf(query) }, signal)) {
    for (const candidate of step.traces) {
      const view = viewOf(candidate)
      if (view === undefined) continue
      inspected++
      if (found.length < wanted && matches(view).length > 0) found.push(summaryOf(view, traceIds))
    }
    if (found.length >= wanted) break
    // What others wait for has its turn between two steps.
    await nextTurn()
    signal.throwIfAborted()
  }
  // Each step is in order by itself.
  found.sort((a, b) => Number(BigInt(b.startUnixNano) - BigInt(a.startUnixNano)))
  return { traces: found, inspected }
}

function parsed(text: string) {
  try {
    return parseQuery(text.trim() === '' ? '{}' : text)
  } catch (problem) {
    if (problem instanceof QueryProblem) throw rpcError('INVALID_ARGUMENT', `invalid TraceQL query: ${problem.message}`)
    throw problem
  }
}

function summaryOf(view: TraceView, traceIds: TraceIds): traces.TraceSummary {
  const published = view.spans.find(({ span }) => span.name === 'publish')
  const told = published ?? view.root ?? view.spans[0]
  const address = traceIds.addressOfTrace(view.id)
  const textOf = (name: string) => (told === undefined ? '' : attributeOf(told, name))
  return {
    traceId: view.id,
    messageId: textOf('messaging.message.id') || (address ? `${address.queue}-${address.position}` : ''),
    rootService: view.root?.service ?? told?.service ?? '',
    rootName: view.root?.span.name ?? told?.span.name ?? '',
    startUnixNano: `${view.start}`,
    durationNano: Number(view.end - view.start) || Number(told ? durationOf(told.span) : 0n),
    error: view.spans.some(({ span }) => span.status?.code === 2),
    topic: textOf('messaging.destination.name'),
    publisherClientId: published === undefined ? '' : attributeOf(published, 'messaging.client.id'),
  }
}

const attributeOf = ({ span }: SpanView, name: string): string =>
  valuesOf(span.attributes.find(({ key }) => key === name)?.value)
    .map(writtenOut)
    .join('')

const nanosOf = (time: traceQuery.SearchTracesRequest['startTime']): bigint | undefined =>
  time === undefined ? undefined : BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanos)
