import { deflateSync, gzipSync } from 'node:zlib'
import { cluster, messaging } from '@tern/proto'
import { type CallContext, connectApi } from '@tern/rpc'
import { expect, onTestFinished, test } from 'vitest'
import { apiError } from '../api-error.ts'
import { ask, type Served, serveApi } from '../testing/serve-api.ts'

const info = '/tern.v1.ClusterService/GetServerInfo'
const drain = '/tern.v1.ClusterService/Drain'
const watchEvents = '/tern.v1.ClusterService/WatchEvents'
const publish = '/tern.v1.MessagingService/Publish'
const replay = '/tern.v1.MessagingService/ReplayMessages'

async function echoing() {
  const seen: { request?: messaging.PublishRequest; drain?: cluster.DrainRequest; context?: CallContext } = {}
  const served = await serveApi({
    cluster: {
      getServerInfo: () =>
        cluster.GetServerInfoResponse.create({ version: '9.9', retention: { seconds: 3, nanos: 500_000_000 } }),
      drain(request, context) {
        Object.assign(seen, { drain: request, context })
        return { brokers: [request.zone], queues: 0 }
      },
    },
    messaging: {
      publish(request, context) {
        Object.assign(seen, { request, context })
        return { results: [] }
      },
    },
  })
  return { served, seen }
}

const json = (text: string, more: Record<string, string> = {}) => ({
  body: text,
  headers: { 'content-type': 'application/json', ...more },
})

test('a call is a POST of JSON, and its answer has every field', async () => {
  const { served } = await echoing()
  const answer = await ask(served, info, json('{}'))
  expect(answer.status).toBe(200)
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json',
    'tern-zone': 'az-a',
    'tern-version': '9.9',
  })
  expect(answer.json()).toMatchObject({ version: '9.9', queues: 0, retention: '3.500s', log: '' })
})

test('a request id comes back, and is drawn when there is none that can be printed', async () => {
  const { served } = await echoing()
  expect((await ask(served, info, json('', { 'x-request-id': 'r-1' }))).headers['x-request-id']).toBe('r-1')
  const drawn = await ask(served, info, json('', { 'x-request-id': 'a b"' }))
  expect(drawn.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
})

test('curl -d needs no content type; a form of another site is not read', async () => {
  const { served } = await echoing()
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  expect((await ask(served, drain, { body: '{"zone":"a"}', headers: form })).json()).toEqual({
    brokers: ['a'],
    queues: 0,
  })
  const foreign = await ask(served, drain, {
    body: '{"zone":"a"}',
    headers: { ...form, origin: 'https://evil.example' },
  })
  expect(foreign.status).toBe(415)
  expect(foreign.headers['access-control-allow-origin']).toBeUndefined()
})

test('a field that the contract does not have is refused by its name', async () => {
  const { served } = await echoing()
  const answer = await ask(served, drain, json('{"zoen":"az-a"}'))
  expect(answer.status).toBe(400)
  expect(answer.json()).toMatchObject({
    code: 'invalid_argument',
    message: expect.stringContaining('"zoen"'),
    details: [
      { type: 'google.rpc.ErrorInfo', debug: { reason: 'FIELD_UNKNOWN', domain: 'tern.v1' } },
      { type: 'google.rpc.BadRequest', debug: { fieldViolations: [{ field: 'zoen' }] } },
    ],
  })
})

test('bytes come in base64, numbers of 64 bits as text, and reach the handler as they are', async () => {
  const { served, seen } = await echoing()
  const body = '{"messages":[{"topic":"a/ä","payload":"aGk=","userProperties":[{"name":"n","value":"v"}]}]}'
  expect((await ask(served, publish, json(body))).status).toBe(200)
  expect(seen.request?.messages[0]).toMatchObject({ topic: 'a/ä', payload: Buffer.from('hi') })
})

test('protobuf goes in and comes out as protobuf', async () => {
  const { served } = await echoing()
  const body = cluster.DrainRequest.encode(cluster.DrainRequest.create({ zone: 'az-c' })).finish()
  const answer = await ask(served, drain, { body, headers: { 'content-type': 'application/proto' } })
  expect(answer.headers['content-type']).toBe('application/proto')
  expect(cluster.DrainResponse.decode(Buffer.from(answer.body, 'latin1'))).toEqual({ brokers: ['az-c'], queues: 0 })
})

test('what only reads can be asked by GET, as Connect does; what changes something cannot', async () => {
  const { served } = await echoing()
  const get = { method: 'GET', headers: {} }
  expect((await ask(served, `${info}?encoding=json&message=%7B%7D&connect=v1`, get)).json()).toMatchObject({
    version: '9.9',
  })
  expect((await ask(served, info, get)).status).toBe(200)
  const base64 = gzipSync('{}').toString('base64url')
  expect((await ask(served, `${info}?base64=1&compression=gzip&encoding=json&message=${base64}`, get)).status).toBe(200)
  const refused = await ask(served, drain, get)
  expect(refused).toMatchObject({ status: 405, headers: { allow: 'POST' } })
  expect((await ask(served, info, { method: 'DELETE' })).headers['allow']).toBe('GET, POST')
})

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
] as const)('a body may be packed by %s', async (encoding, pack) => {
  const { served } = await echoing()
  const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
  expect((await ask(served, drain, { body: pack('{"zone":"z"}'), headers })).json()).toMatchObject({ brokers: ['z'] })
})

test('Idempotency-Key is the request id, unless the request has one', async () => {
  const { served, seen } = await echoing()
  await ask(served, publish, json('{}', { 'idempotency-key': 'k-1' }))
  expect(seen.request?.requestId).toBe('k-1')
  await ask(served, publish, json('{"requestId":"own"}', { 'idempotency-key': 'k-1' }))
  expect(seen.request?.requestId).toBe('own')
  // A request without such a field does not mind.
  expect((await ask(served, drain, json('{}', { 'idempotency-key': 'k-1' }))).status).toBe(200)
})

test('connect-timeout-ms is the deadline', async () => {
  const served = await serveApi({ cluster: { getServerInfo: () => new Promise(() => {}) } })
  const late = await ask(served, info, json('{}', { 'connect-timeout-ms': '50' }))
  expect(late).toMatchObject({ status: 504 })
  expect(late.json()).toMatchObject({ code: 'deadline_exceeded' })
  expect((await ask(served, info, json('{}', { 'connect-timeout-ms': '0' }))).status).toBe(504)
  expect((await ask(served, info, json('{}', { 'connect-timeout-ms': 'soon' }))).status).toBe(400)
})

test('a refusal has the code, the details and the delay of the call', async () => {
  const served = await serveApi({
    cluster: {
      getServerInfo() {
        throw apiError('UNAVAILABLE', 'QUEUE_UNREACHABLE', 'queue 7 moves', {
          metadata: { queue: '7' },
          retryAfterMs: 1_500,
        })
      },
    },
  })
  const answer = await ask(served, info, json('{}'))
  expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '2' } })
  expect(answer.json()).toEqual({
    code: 'unavailable',
    message: 'queue 7 moves',
    details: [
      {
        type: 'google.rpc.ErrorInfo',
        value: expect.any(String),
        debug: { reason: 'QUEUE_UNREACHABLE', domain: 'tern.v1', metadata: { queue: '7' } },
      },
      { type: 'google.rpc.RetryInfo', value: expect.any(String), debug: { retryDelay: '1.500s' } },
    ],
  })
})

test('a fault is told to the log and not to the caller', async () => {
  const mistake = new Error('secret')
  const served = await serveApi({
    cluster: {
      getServerInfo() {
        throw mistake
      },
    },
  })
  const answer = await ask(served, info, json('{}'))
  expect(answer.status).toBe(500)
  expect(answer.body).not.toContain('secret')
  expect(served.faults).toEqual([mistake])
})

/** Reads a stream of events until `enough`, then goes away. */
async function eventsOf({ address }: Served, path: string, init: RequestInit, enough: (text: string) => boolean) {
  const response = await fetch(`http://${address}${path}`, init)
  let text = ''
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    if (enough(text)) break
  }
  return { text, type: response.headers.get('content-type'), status: response.status }
}

test('a stream comes as events whose ids are cursors, and ends with an event', async () => {
  const served = await serveApi({
    messaging: {
      async *replayMessages() {
        for (const cursor of ['c-1', 'c-2']) yield messaging.ReplayMessagesResponse.create({ cursor })
      },
    },
  })
  const { text, type } = await eventsOf(served, replay, { method: 'POST', ...json('{}') }, () => false)
  expect(type).toBe('text/event-stream')
  expect(text).toMatch(/^: open\n\nid: c-1\ndata: \{.*\}\n\nid: c-2\ndata: .*\n\nevent: end\ndata: \{\}\n\n$/)
})

test('a reader that comes back goes on after the last event that it got', async () => {
  const seen: unknown[] = []
  const served = await serveApi({
    messaging: {
      async *replayMessages(request) {
        seen.push(request.start?.at)
        yield messaging.ReplayMessagesResponse.create({ cursor: 'c-9' })
      },
    },
    cluster: {
      async *watchEvents({ afterId }) {
        seen.push(afterId)
        yield { events: ['ev-7', 'ev-8'].map((id) => cluster.ClusterEvent.create({ id })) }
      },
    },
  })
  const again = (id: string) => ({ method: 'GET', headers: { 'last-event-id': id } })
  const message = encodeURIComponent('{"start":{"anchor":"ANCHOR_EARLIEST"},"follow":true}')
  await ask(served, `${replay}?message=${message}`, again('c-8'))
  expect((await ask(served, watchEvents, again('ev-6'))).body).toContain('id: ev-8\n')
  expect(seen).toEqual([{ $case: 'cursor', value: 'c-8' }, 'ev-6'])
})

test('a stream that is refused at once is an error of HTTP; one that fails later ends with an event that says why', async () => {
  const later = Promise.withResolvers<void>()
  const refusal = () => apiError('INVALID_ARGUMENT', 'CURSOR_INVALID', 'no cursor')
  const served = await serveApi({
    cluster: {
      // biome-ignore lint/correctness/useYield: it refuses
      async *watchTopology() {
        throw refusal()
      },
      async *watchEvents() {
        yield cluster.WatchEventsResponse.create({})
        await later.promise
        throw refusal()
      },
    },
  })
  const refused = await ask(served, '/tern.v1.ClusterService/WatchTopology', json('{}'))
  expect(refused.status).toBe(400)
  const { text } = await eventsOf(served, watchEvents, { method: 'GET' }, (all) => {
    if (all.includes('data:')) later.resolve()
    return false
  })
  expect(text).toMatch(/event: error\ndata: .*CURSOR_INVALID/)
})

test('a reader that goes away ends the call', async () => {
  const gone = Promise.withResolvers<void>()
  const served = await serveApi({
    cluster: {
      async *watchEvents(_, { signal }) {
        signal.addEventListener('abort', () => gone.resolve())
        yield cluster.WatchEventsResponse.create({})
        await new Promise(() => {})
      },
    },
  })
  await eventsOf(served, watchEvents, { method: 'GET' }, (text) => text.includes('data:'))
  await gone.promise
})

test('a reader that does not read makes the source wait', async () => {
  let made = 0
  const served = await serveApi({
    cluster: {
      async *watchEvents() {
        const events = [cluster.ClusterEvent.create({ text: 'x'.repeat(100_000) })]
        for (; made < 10_000; made++) yield { events }
      },
    },
  })
  const ended = new AbortController()
  onTestFinished(() => ended.abort())
  await fetch(`http://${served.address}${watchEvents}`, { signal: ended.signal })
  let before = -1
  await expect
    .poll(() => {
      const still = made === before
      before = made
      return still
    })
    .toBe(true)
  expect(made).toBeLessThan(500)
})

test('calls that cannot be made, and paths that lead nowhere, say so', async () => {
  const { served } = await echoing()
  const subscribe = await ask(served, '/tern.v1.MessagingService/PublishStream', json('{}'))
  expect(subscribe.json()).toMatchObject({ code: 'unimplemented' })
  expect((await ask(served, '/tern.v1.ClusterService/ListEvents', json('{}'))).status).toBe(501)
  expect((await ask(served, '/tern.v1.ClusterService/Nothing', json('{}'))).status).toBe(404)
  expect((await ask(served, '/', { method: 'GET' })).status).toBe(404)
})

test('paths made by hand are asked first, and their errors look the same', async () => {
  const served = await serveApi({
    routes: (request) => {
      if (request.path === '/broken') return Promise.reject(apiError('NOT_FOUND', 'NEVER_STORED', 'nothing there'))
      if (!request.path.startsWith('/v1/')) return undefined
      return request.body().then((body) => ({ status: 201, body: `${request.query.get('q')} ${body}` }))
    },
  })
  expect(await ask(served, '/v1/topics/a?q=7', { body: 'raw' })).toMatchObject({ status: 201, body: '7 raw' })
  expect((await ask(served, '/broken')).json()).toMatchObject({ code: 'not_found', message: 'nothing there' })
})

test('browsers may call from the sites that are named, and from no other', async () => {
  const site = 'https://console.example'
  const served = await serveApi({ origins: [site] })
  const asked = await ask(served, info, { method: 'OPTIONS', headers: { origin: site } })
  expect(asked).toMatchObject({ status: 204, headers: { 'access-control-allow-origin': site } })
  const other = await ask(served, info, { method: 'OPTIONS', headers: { origin: 'https://other.example' } })
  expect(other.headers['access-control-allow-origin']).toBeUndefined()
})

test('health is told by HTTP, too, and gRPC is served on the same port', async () => {
  const { served } = await echoing()
  expect(await ask(served, '/health', { method: 'GET' })).toMatchObject({ status: 200, body: '{"status":"SERVING"}' })
  const client = connectApi(served.address, cluster.ClusterServiceService)
  onTestFinished(() => client.close())
  expect(await client.getServerInfo({})).toMatchObject({ version: '9.9' })
  const stopped = served.server.stop({ noticeMs: 300, graceMs: 100 })
  expect((await ask(served, '/health', { method: 'GET' })).status).toBe(503)
  await stopped
})
