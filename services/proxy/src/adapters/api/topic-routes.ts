import { type HttpRequest, type HttpResponse, messageJson, type Routes, type ServerEvent } from '@tern/api'
import { message, messaging } from '@tern/proto'
import { badField, Refusal } from '../../core/api/refusal.ts'
import type { Looking } from './call.ts'
import type { Looks } from './looks.ts'
import type { Publish } from './publish.ts'
import { publishBatch } from './publish-batch.ts'
import type { Queries } from './query.ts'
import type { Replays } from './replay.ts'

const json = { 'content-type': 'application/json' }
const newestShown = 50

/**
 * For people with a shell: POST a body to /v1/topics/<topic>/messages and it is published as it is; GET shows what the filter matches,
 * the newest first, or with ?follow=1 as it comes.
 */
export function topicRoutes(looking: Looking, publish: Publish, { queries, replays }: Looks): Routes {
  const answer = async (request: HttpRequest, topic: string): Promise<HttpResponse> => {
    if (request.method === 'POST') return post(request, topic, looking, publish)
    if (request.query.has('follow')) return { status: 200, body: follow(request, topic, replays) }
    return { status: 200, headers: json, body: await newest(request, topic, queries) }
  }
  return (request) => {
    const [, encoded] = /^\/v1\/topics\/(.+)\/messages$/.exec(request.path) ?? []
    if (encoded === undefined || !['GET', 'POST'].includes(request.method)) return undefined
    return answer(request, topicIn(encoded))
  }
}

async function post(request: HttpRequest, topic: string, looking: Looking, publish: Publish): Promise<HttpResponse> {
  // Any page may send such a request, and it would come from the browser of somebody who may publish.
  if (request.header('origin') !== undefined) {
    throw new Refusal(
      'INVALID_ARGUMENT',
      'ORIGIN_REFUSED',
      'pages of other sites may not publish; call Publish as JSON',
    )
  }
  const published = messageOf(topic, await request.body(), request)
  const requestId = request.header('idempotency-key') ?? ''
  const batch = { messages: [published], requestId, clientId: request.header('tern-client-id') ?? '' }
  const { results } = await publishBatch(batch, looking, publish, request.context)
  const outcome = results[0]?.outcome
  if (outcome?.$case !== 'receipt') throw new Error('a batch of one has a receipt, or fails')
  const bytes = messaging.PublishReceipt.encode(outcome.value).finish()
  return { status: 200, headers: json, body: `${messageJson('tern.v1.PublishReceipt', bytes)}\n` }
}

const levels: Readonly<Record<string, message.QualityOfService>> = {
  '0': message.QualityOfService.AT_MOST_ONCE,
  '1': message.QualityOfService.AT_LEAST_ONCE,
  '2': message.QualityOfService.EXACTLY_ONCE,
}

/** What curl says of a body when it is told nothing. */
const saysNothing = 'application/x-www-form-urlencoded'

function messageOf(topic: string, payload: Buffer, { header, query, context }: HttpRequest): message.Message {
  const qos = levels[header('tern-qos') ?? '1']
  if (qos === undefined) throw badField('tern-qos', 'FIELD_INVALID', 'is none; give 0, 1 or 2')
  const contentType = header('content-type') ?? ''
  const expiry = header('tern-expiry-seconds')
  if (expiry !== undefined && !/^\d{1,10}$/.test(expiry)) {
    throw badField('tern-expiry-seconds', 'EXPIRY_INVALID', 'is no whole number of seconds')
  }
  return message.Message.fromPartial({
    ...{ topic, payload, qos, contentType: contentType === saysNothing ? '' : contentType },
    retain: header('tern-retain') === 'true',
    responseTopic: header('tern-response-topic') ?? '',
    traceparent: context.traceparent ?? '',
    // As ?property=name=value, since headers have no names of one's own that keep their letters.
    userProperties: query.getAll('property').map((text) => {
      const at = text.indexOf('=')
      return { name: at < 0 ? text : text.slice(0, at), value: at < 0 ? '' : text.slice(at + 1) }
    }),
    ...(expiry !== undefined && { expiry: { seconds: Number(expiry), nanos: 0 } }),
  })
}

async function newest({ context }: HttpRequest, topicFilter: string, queries: Queries): Promise<string> {
  const request = messaging.QueryMessagesRequest.fromPartial({ topicFilter, newestFirst: true, pageSize: newestShown })
  const answer = messaging.QueryMessagesResponse.encode(await queries.query(request, context)).finish()
  return `${messageJson('tern.v1.QueryMessagesResponse', answer)}\n`
}

/** An event for each message; its id is a cursor to come back with, as browsers do by themselves. */
async function* follow(
  { header, query, context }: HttpRequest,
  topicFilter: string,
  replays: Replays,
): AsyncGenerator<ServerEvent> {
  const cursor = header('last-event-id') ?? query.get('cursor') ?? ''
  const at = cursor === '' ? undefined : { $case: 'cursor' as const, value: cursor }
  const request = messaging.ReplayMessagesRequest.fromPartial({ topicFilter, follow: true, start: at && { at } })
  for await (const { messages, cursor: id } of replays.replay(request, context)) {
    for (const [i, each] of messages.entries()) {
      const data = messageJson('tern.v1.Message', message.Message.encode(each).finish())
      // Only with the last one of an answer all before it have been seen.
      yield { data, ...(i === messages.length - 1 && { id }) }
    }
  }
}

function topicIn(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    throw badField('topic', 'TOPIC_INVALID', 'is no percent-encoded text')
  }
}
