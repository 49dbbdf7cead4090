import { tempopb } from '@tern/proto'
import { decodedTag } from '../../core/search/tags.ts'
import { bodyOf, plainText } from './body.ts'
import type { Context, HttpAnswer, HttpRequest } from './context.ts'
import { tempoLimits } from './limits.ts'
import { metricsPage } from './metrics-page.ts'
import { queryInstant, queryRange } from './over-time.ts'
import { limitsOf, numberOf, rangeOf, secondsOf } from './parameters.ts'
import { TempoProblem } from './problem.ts'
import { bounded, search } from './searching.ts'
import { tagNames, tagNamesV1, tagValues, tagValuesV1 } from './tags.ts'
import { rangeOverTime, stepOf } from './time.ts'
import { traceV1, traceV2 } from './trace-by-id.ts'

type Handler = (
  context: Context,
  request: HttpRequest,
  signal: AbortSignal,
  part: string,
) => Promise<HttpAnswer> | HttpAnswer

/** What Tempo says of itself; by its version Grafana 10 and 11 decide what they ask. */
const version = '2.9.0'

const fixed: Readonly<Record<string, Handler>> = {
  '/api/echo': () => plainText(200, 'echo'),
  '/ready': ({ isReady }) => (isReady() ? plainText(200, 'ready') : plainText(503, 'not ready: starting')),
  '/metrics': ({ spanMetrics }, { accept }) => metricsPage(spanMetrics, accept),
  '/api/status/buildinfo': () => ({
    status: 200,
    contentType: 'application/json',
    body: JSON.stringify({ version, revision: 'ternmq', branch: '', buildDate: '', buildUser: '', goVersion: '' }),
  }),
  '/api/search': searchAll,
  '/api/search/tags': async (context, request, signal) =>
    bodyOf(request, tempopb.SearchTagsResponse, await tagNamesV1(context, tagsQuestion(context, request), signal)),
  '/api/v2/search/tags': async (context, request, signal) =>
    bodyOf(request, tempopb.SearchTagsV2Response, await tagNames(context, tagsQuestion(context, request), signal)),
  '/api/metrics/query_range': async (context, request, signal) => {
    const range = rangeOverTime(request.query, context.now())
    const question = { text: textOf(request), range, step: stepOf(request.query, range) }
    return bodyOf(request, tempopb.QueryRangeResponse, await queryRange(context, question, signal))
  },
  '/api/metrics/query': async (context, request, signal) => {
    const question = { text: textOf(request), range: rangeOverTime(request.query, context.now()) }
    return bodyOf(request, tempopb.QueryInstantResponse, await queryInstant(context, question, signal))
  },
}

/** By what stands before and after a part of the path that is anything. */
const variable: readonly Readonly<{ before: string; after: string; handler: Handler }>[] = [
  {
    before: '/api/v2/search/tag/',
    after: '/values',
    handler: async (context, request, signal, tag) =>
      bodyOf(
        request,
        tempopb.SearchTagValuesV2Response,
        await tagValues(context, valuesQuestion(context, request, tag), signal),
      ),
  },
  {
    before: '/api/search/tag/',
    after: '/values',
    handler: async (context, request, signal, tag) =>
      bodyOf(
        request,
        tempopb.SearchTagValuesResponse,
        await tagValuesV1(context, valuesQuestion(context, request, tag), signal),
      ),
  },
  {
    before: '/api/v2/traces/',
    after: '',
    handler: (context, request, signal, id) => traceV2(context, id, request, signal),
  },
  {
    before: '/api/traces/',
    after: '',
    handler: (context, request, signal, id) => traceV1(context, id, request, signal),
  },
]

/** Answers whatever is asked; a refusal is plain text, which Grafana shows to its user. */
export async function answer(context: Context, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  try {
    const { handler, part } = handlerOf(request.path)
    if (request.method !== 'GET') throw new TempoProblem(405, `${request.method} is not answered here; use GET`)
    return await handler(context, request, signal, part)
  } catch (problem) {
    if (problem instanceof TempoProblem) return plainText(problem.status, problem.message)
    throw problem
  }
}

function handlerOf(path: string): Readonly<{ handler: Handler; part: string }> {
  const handler = Object.hasOwn(fixed, path) ? fixed[path] : undefined
  if (handler !== undefined) return { handler, part: '' }
  const found = variable.find(
    ({ before, after }) =>
      path.length > before.length + after.length && path.startsWith(before) && path.endsWith(after),
  )
  if (found === undefined) {
    throw new TempoProblem(
      404,
      `there is no ${path.slice(0, 200)}; this is the Tempo API of TernMQ, see /api/search and /api/v2/traces/{id}`,
    )
  }
  return { handler: found.handler, part: path.slice(found.before.length, path.length - found.after.length) }
}

const textOf = ({ query }: HttpRequest) => query.get('q') ?? query.get('query') ?? ''

function searchQuestion({ now }: Context, request: HttpRequest) {
  if (request.query.has('tags')) {
    throw new TempoProblem(
      400,
      'a search by "tags" is not answered here; ask in TraceQL with q, for example q={.messaging.client.id="car-7"}',
    )
  }
  return {
    text: textOf(request),
    range: rangeOf(...secondsOf(request.query), now()),
    limits: limitsOf(request.query),
  }
}

/** All that a search finds, newest first. */
async function searchAll(context: Context, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const traces: tempopb.TraceSearchMetadata[] = []
  let metrics: tempopb.SearchMetrics | undefined
  for await (const found of search(context, searchQuestion(context, request), bounded(signal))) {
    traces.push(...found.traces)
    metrics = found.metrics
  }
  traces.sort((a, b) => Number(b.startTimeUnixNano - a.startTimeUnixNano))
  return bodyOf(request, tempopb.SearchResponse, { traces, metrics })
}

const tagsQuestion = ({ now }: Context, { query }: HttpRequest) => ({
  scope: query.get('scope') ?? '',
  limit: numberOf(query, 'limit', tempoLimits.tagsMax, tempoLimits.tagsMax) || tempoLimits.tagsMax,
  range: rangeOf(...secondsOf(query), now()),
})

const valuesQuestion = (context: Context, request: HttpRequest, tag: string) => ({
  ...tagsQuestion(context, request),
  tag: decodedTag(tag),
  query: textOf(request),
})
