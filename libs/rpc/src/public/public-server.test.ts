import { get } from 'node:http'
import { cluster, messaging } from '@tern/proto'
import { expect, onTestFinished, test } from 'vitest'
import {
  ApiError,
  type CallContext,
  connectApi,
  type Handlers,
  type ObserveCall,
  publicService,
  startPublicServer,
} from '../index.ts'

type Cluster = Handlers<typeof cluster.ClusterServiceService>
type Messaging = Handlers<typeof messaging.MessagingServiceService>

const clusterService = cluster.ClusterServiceService

async function served(clusterHandlers: Cluster, messagingHandlers: Messaging = {}, options = {}) {
  const faults: unknown[] = []
  const server = await startPublicServer('127.0.0.1:0', {
    services: [
      publicService(cluster.ClusterServiceService, clusterHandlers),
      publicService(messaging.MessagingServiceService, messagingHandlers),
    ],
    http: (request, response) => void response.end(`hello ${request.url}`),
    fault: (error) => void faults.push(error),
    ...options,
  })
  const clusterClient = connectApi(server.address, cluster.ClusterServiceService)
  const messagingClient = connectApi(server.address, messaging.MessagingServiceService)
  onTestFinished(() => {
    clusterClient.close()
    messagingClient.close()
    server.stop()
  })
  return { server, cluster: clusterClient, messaging: messagingClient, faults }
}

const info = (version: string): cluster.GetServerInfoResponse => ({
  ...{ version, proxy: '', zone: '', queues: 12, log: 'embedded', mode: '', retention: undefined },
  ...{ payloadBytesMax: 1, pageSizeMax: 2 },
})
const credit = (messages: number): messaging.SubscribeRequest => ({
  frame: { $case: 'credit', value: { messages } },
})
const rest = { outcomes: [], ackDeadline: undefined, heartbeatInterval: undefined, resumed: false, proxy: '', zone: '' }
const opened = (subscriberId: string): messaging.SubscribeResponse => ({
  frame: { $case: 'opened', value: { subscriberId, ...rest } },
})
const request = (bytes: number): messaging.PublishStreamRequest => ({
  frame: { $case: 'open', value: { producerId: 'x'.repeat(bytes), clientId: '' } },
})
async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}
const event = (id: string): cluster.WatchEventsResponse => ({
  events: [
    { id, time: undefined, kind: '', zone: '', member: '', text: 'x'.repeat(10_000), failover: undefined, moves: [] },
  ],
})

test('a unary call is answered, and knows what came with it', async () => {
  let seen: CallContext | undefined
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const { cluster } = await served({
    getServerInfo(_, context) {
      seen = context
      return info('1.2.3')
    },
  })
  const metadata = { 'x-request-id': 'r-1', traceparent, 'x-tenant': 'a' }
  const response = await cluster.getServerInfo({}, { deadlineMs: 5_000, metadata })
  expect(response).toMatchObject({ version: '1.2.3', queues: 12 })
  expect(seen).toMatchObject({ requestId: 'r-1', traceparent })
  expect(seen?.metadata('x-tenant')).toBe('a')
  expect(seen?.peer).toMatch(/^127\.0\.0\.1:\d+$/)
  expect(Math.abs((seen?.deadlineMs ?? 0) - Date.now() - 5_000)).toBeLessThan(1_000)
})

test('HTTP/1.1 is answered on the same port', async () => {
  const { server } = await served({})
  const body = await new Promise((resolve, reject) => {
    get(`http://${server.address}/x`, (response) => {
      response.setEncoding('utf8').on('data', resolve)
    }).on('error', reject)
  })
  expect(body).toBe('hello /x')
})

test('a refusal comes with its reason, its metadata and the delay after which to try again', async () => {
  const { cluster } = await served({
    getServerInfo() {
      throw new ApiError('RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED', 'zu viel: 100 % – später', {
        metadata: { quota: 'publishes' },
        retryAfterMs: 1_500,
      })
    },
  })
  await expect(cluster.getServerInfo({})).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    reason: 'QUOTA_EXCEEDED',
    message: 'zu viel: 100 % – später',
    metadata: { quota: 'publishes' },
    retryAfterMs: 1_500,
  })
})

test('a refusal that is too long for trailers is told as far as they take it', async () => {
  const { cluster } = await served({
    getServerInfo() {
      const details = [{ typeUrl: 'type.googleapis.com/google.rpc.Help', value: Buffer.alloc(100_000) }]
      throw new ApiError('INVALID_ARGUMENT', 'TOPIC_INVALID', 'ü'.repeat(100_000), { details })
    },
  })
  await expect(cluster.getServerInfo({})).rejects.toMatchObject({ reason: 'TOPIC_INVALID', message: 'ü'.repeat(1_000) })
})

test('a refusal of a core that knows no transport is told with the field to blame', async () => {
  const { cluster } = await served({
    getServerInfo() {
      const detail = { field: 'page_size', metadata: { given: '-1' } }
      throw Object.assign(new Error('page_size is -1'), {
        code: 'INVALID_ARGUMENT',
        reason: 'PAGE_SIZE_INVALID',
        detail,
      })
    },
  })
  await expect(cluster.getServerInfo({})).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    reason: 'PAGE_SIZE_INVALID',
    metadata: { given: '-1' },
    details: [{ typeUrl: 'type.googleapis.com/google.rpc.BadRequest' }],
  })
})

test('what a handler throws by mistake is not told to strangers', async () => {
  const mistake = new Error('password is 1234')
  const { cluster, faults } = await served({
    getServerInfo() {
      throw mistake
    },
  })
  await expect(cluster.getServerInfo({})).rejects.toMatchObject({
    code: 'INTERNAL',
    message: expect.not.stringContaining('1234'),
  })
  expect(faults).toEqual([mistake])
})

test('a method without a handler is unimplemented', async () => {
  const { cluster } = await served({})
  await expect(cluster.getServerInfo({})).rejects.toMatchObject({ code: 'UNIMPLEMENTED', reason: 'METHOD_NOT_SERVED' })
})

test('a deadline ends a call on both sides', async () => {
  const aborted = Promise.withResolvers<unknown>()
  const { cluster } = await served({
    getServerInfo: (_, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => aborted.resolve(signal.reason))),
  })
  await expect(cluster.getServerInfo({}, { deadlineMs: 50 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  expect(await aborted.promise).toBeInstanceOf(ApiError)
})

test('a caller that goes away ends its stream, even one that waits for nothing', async () => {
  const aborted = Promise.withResolvers<void>()
  const { cluster } = await served({
    async *watchEvents(_, { signal }) {
      signal.addEventListener('abort', () => aborted.resolve())
      yield event('ev-1')
      await new Promise(() => {})
    },
  })
  for await (const { events } of cluster.watchEvents({ afterId: '' })) {
    expect(events[0]?.id).toBe('ev-1')
    break
  }
  await aborted.promise
})

test('a stream both ways answers each request as it comes, and ends when the caller has said all', async () => {
  const { messaging } = await served(
    {},
    {
      async *subscribe(requests) {
        for await (const request of requests) {
          const credits = request.frame?.$case === 'credit' ? request.frame.value.messages : 0
          yield opened(`s-${credits}`)
        }
      },
    },
  )
  const call = messaging.subscribe()
  const answers = call[Symbol.asyncIterator]()
  for (const credits of [1, 2, 3]) {
    await call.send(credit(credits))
    expect((await answers.next()).value.frame.value.subscriberId).toBe(`s-${credits}`)
  }
  call.end()
  expect((await answers.next()).done).toBe(true)
})

test('a handler that answers before the caller has said all ends the call', async () => {
  const { messaging } = await served(
    {},
    {
      // biome-ignore lint/correctness/useYield: it refuses at once
      async *subscribe() {
        throw new ApiError('FAILED_PRECONDITION', 'NOT_OPEN', 'say open first')
      },
    },
  )
  const call = messaging.subscribe()
  await call.send(credit(1))
  const taken = all(call)
  await expect(taken).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'NOT_OPEN' })
})

test('a subscriber that does not read makes the source wait', async () => {
  let made = 0
  const { cluster } = await served({
    async *watchEvents() {
      for (; made < 10_000; made++) yield event(`ev-${made}`)
    },
  })
  const stream = cluster.watchEvents({ afterId: '' })[Symbol.asyncIterator]()
  await stream.next()
  let before = -1
  await expect
    .poll(() => {
      const still = made === before
      before = made
      return still
    })
    .toBe(true)
  // 10 KB each: what fits the windows of both sides, and no more.
  expect(made).toBeLessThan(1_000)
  let last = ''
  for (let next = await stream.next(); !next.done; next = await stream.next()) last = next.value.events[0]?.id ?? ''
  expect(last).toBe('ev-9999')
})

test('a handler that does not read makes the sender wait', async () => {
  const release = Promise.withResolvers<void>()
  let taken = 0
  const { messaging } = await served(
    {},
    {
      // biome-ignore lint/correctness/useYield: it only listens
      async *publishStream(requests) {
        for await (const _ of requests) {
          taken += 1
          await release.promise
        }
      },
    },
  )
  const call = messaging.publishStream()
  let sent = 0
  const sending = (async () => {
    for (; sent < 200; sent++) await call.send(request(100_000))
    call.end()
  })()
  await expect.poll(() => taken).toBe(1)
  let before = -1
  await expect
    .poll(() => {
      const still = sent === before
      before = sent
      return still
    })
    .toBe(true)
  expect(sent).toBeLessThan(100)
  release.resolve()
  await sending
  expect(await all(call)).toEqual([])
  expect(taken).toBe(200)
})

test('draining tells streams, lets unary calls finish, and takes no new connection', async () => {
  const asked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const { cluster, server } = await served({
    async getServerInfo() {
      asked.resolve()
      await release.promise
      return info('1')
    },
    async *watchEvents(_, { draining }) {
      yield event('ev-1')
      await new Promise((resolve) => draining.addEventListener('abort', resolve))
      yield event('moving')
    },
  })
  const stream = cluster.watchEvents({ afterId: '' })[Symbol.asyncIterator]()
  await stream.next()
  const unary = cluster.getServerInfo({})
  await asked.promise
  const drained = server.drain(5_000)
  expect((await stream.next()).value.events[0].id).toBe('moving')
  expect((await stream.next()).done).toBe(true)
  release.resolve()
  expect(await unary).toMatchObject({ version: '1' })
  await drained
  const late = connectApi(server.address, clusterService, { retry: false })
  await expect(late.getServerInfo({}, { deadlineMs: 1_000 })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  late.close()
})

test('two servers share a port', async () => {
  const first = await served({ getServerInfo: () => info('first') }, {}, { reusePort: true })
  const again = await startPublicServer(first.server.address, { services: [], http: () => {}, reusePort: true })
  expect(again.address).toBe(first.server.address)
  again.stop()
  await expect(startPublicServer(first.server.address, { services: [], http: () => {} })).rejects.toThrow(/taken/)
})

test('whoever observes is told of each call of a method that is there, and of how it ended', async () => {
  const told: string[] = []
  const observe: ObserveCall = (path, { traceparent }) => {
    told.push(`begins ${path} ${traceparent ?? ''}`)
    return (failed) => void told.push(`ends ${failed?.code ?? 'OK'}`)
  }
  const handlers: Cluster = {
    getServerInfo: async () => info('1'),
    getTopology: () => {
      throw new ApiError('NOT_FOUND', 'NOTHING_THERE', 'nothing is there')
    },
  }
  const { cluster } = await served(handlers, {}, { observe })
  await cluster.getServerInfo({})
  await cluster.getTopology({}).catch(() => {})
  await cluster.drain({} as never).catch(() => {})
  expect(told).toEqual([
    'begins /tern.v1.ClusterService/GetServerInfo ',
    'ends OK',
    'begins /tern.v1.ClusterService/GetTopology ',
    'ends NOT_FOUND',
  ])
})
