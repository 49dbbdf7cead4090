import { tempopb } from '@tern/proto'
import type { Context } from './context.ts'
import { tempoLimits } from './limits.ts'
import { queryInstant, queryRange } from './over-time.ts'
import { checkedLimits, rangeOf } from './parameters.ts'
import { TempoProblem } from './problem.ts'
import { bounded, search } from './searching.ts'
import { tagNames, tagNamesV1, tagValues, tagValuesV1 } from './tags.ts'
import { stepFor } from './time.ts'

type Stream<Request, Message> = (request: Request, signal: AbortSignal) => AsyncIterable<Message>

/** `tempopb.StreamingQuerier`: each call gives messages until it ends, or throws a `TempoProblem`. */
export type TempoStreams = Readonly<{
  search: Stream<tempopb.SearchRequest, tempopb.SearchResponse>
  searchTags: Stream<tempopb.SearchTagsRequest, tempopb.SearchTagsResponse>
  searchTagsV2: Stream<tempopb.SearchTagsRequest, tempopb.SearchTagsV2Response>
  searchTagValues: Stream<tempopb.SearchTagValuesRequest, tempopb.SearchTagValuesResponse>
  searchTagValuesV2: Stream<tempopb.SearchTagValuesRequest, tempopb.SearchTagValuesV2Response>
  metricsQueryRange: Stream<tempopb.QueryRangeRequest, tempopb.QueryRangeResponse>
  metricsQueryInstant: Stream<tempopb.QueryInstantRequest, tempopb.QueryInstantResponse>
}>

export function streams(context: Context): TempoStreams {
  return {
    search: (request: tempopb.SearchRequest, signal: AbortSignal) => searchStream(context, request, signal),
    searchTags: (request: tempopb.SearchTagsRequest, signal: AbortSignal) =>
      once(() => tagNamesV1(context, tagsQuestion(context, request), signal)),
    searchTagsV2: (request: tempopb.SearchTagsRequest, signal: AbortSignal) =>
      once(() => tagNames(context, tagsQuestion(context, request), signal)),
    searchTagValues: (request: tempopb.SearchTagValuesRequest, signal: AbortSignal) =>
      once(() => tagValuesV1(context, valuesQuestion(context, request), signal)),
    searchTagValuesV2: (request: tempopb.SearchTagValuesRequest, signal: AbortSignal) =>
      once(() => tagValues(context, valuesQuestion(context, request), signal)),
    metricsQueryRange: ({ query, start, end, step }: tempopb.QueryRangeRequest, signal: AbortSignal) =>
      once(() => {
        const range = rangeOfNanos(start, end)
        return queryRange(context, { text: query, range, step: step === 0n ? stepFor(end - start) : step }, signal)
      }),
    metricsQueryInstant: ({ query, start, end }: tempopb.QueryInstantRequest, signal: AbortSignal) =>
      once(() => queryInstant(context, { text: query, range: rangeOfNanos(start, end) }, signal)),
  }
}

async function* once<Message>(message: () => Promise<Message>): AsyncGenerator<Message> {
  yield await message()
}

/** Each trace once and complete: Grafana keeps the first copy that it sees. Each message has metrics, which it reads unasked. */
async function* searchStream(
  context: Context,
  request: tempopb.SearchRequest,
  signal: AbortSignal,
): AsyncGenerator<tempopb.SearchResponse> {
  const question = {
    text: request.Query,
    range: rangeOf(request.start, request.end, context.now()),
    limits: checkedLimits(request.Limit === 0 ? 20 : request.Limit, request.SpansPerSpanSet || 3),
  }
  for await (const { traces, metrics } of search(context, question, bounded(signal))) {
    for (const part of messages(traces)) yield { traces: part, metrics }
  }
}

/** Parts that fit a message each, at least one; a trace that is alone too large is shown with fewer spans. */
function* messages(traces: readonly tempopb.TraceSearchMetadata[]): Generator<tempopb.TraceSearchMetadata[]> {
  // Some room for metrics and for the frame of each trace.
  const bytesMax = tempoLimits.streamMessageBytesMax - 4_096
  let part: tempopb.TraceSearchMetadata[] = []
  let bytes = 0
  for (const trace of traces) {
    const fitting = shortened(trace, bytesMax)
    const size = sizeOf(fitting)
    if (bytes + size > bytesMax && part.length > 0) {
      yield part
      part = []
      bytes = 0
    }
    part.push(fitting)
    bytes += size
  }
  yield part
}

const sizeOf = (trace: tempopb.TraceSearchMetadata) => tempopb.TraceSearchMetadata.encode(trace).finish().length + 8

/** Halves what is shown of a trace until it fits: attributes may be as large as a client likes. */
function shortened(trace: tempopb.TraceSearchMetadata, bytesMax: number): tempopb.TraceSearchMetadata {
  let fitting = trace
  while (sizeOf(fitting) > bytesMax) {
    const spanSets = fitting.spanSets.map((set) => ({ ...set, spans: set.spans.slice(0, set.spans.length >> 1) }))
    const isBare = spanSets.every(({ spans }) => spans.length === 0)
    fitting = { ...fitting, spanSets: isBare ? [] : spanSets, serviceStats: isBare ? {} : fitting.serviceStats }
    if (isBare) return fitting
  }
  return fitting
}

function rangeOfNanos(start: bigint, end: bigint) {
  if (start < end) return { start, end }
  throw new TempoProblem(400, `start must be before end. received start=${start} end=${end}`)
}

const tagsQuestion = ({ now }: Context, request: tempopb.SearchTagsRequest) => ({
  scope: request.scope,
  limit: request.maxTagsPerScope || tempoLimits.tagsMax,
  range: rangeOf(request.start, request.end, now()),
})

const valuesQuestion = ({ now }: Context, request: tempopb.SearchTagValuesRequest) => ({
  tag: request.tagName,
  query: request.query,
  limit: Math.min(request.maxTagValues || tempoLimits.tagsMax, tempoLimits.tagsMax),
  range: rangeOf(request.start, request.end, now()),
})
