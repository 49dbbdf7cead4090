import { cluster, messaging } from '@tern/proto'
import { expect, onTestFinished, test } from 'vitest'
import { ApiError, connectApi, type Handlers, openChannel, publicService, startPublicServer } from '../index.ts'

const service = cluster.ClusterServiceService

async function serve(
  handlers: Handlers<typeof service>,
  more: Handlers<typeof messaging.MessagingServiceService> = {},
) {
  const server = await startPublicServer('127.0.0.1:0', {
    services: [publicService(service, handlers), publicService(messaging.MessagingServiceService, more)],
    http: () => {},
  })
  onTestFinished(() => server.stop())
  return server
}

const answer = cluster.GetServerInfoResponse.create({ version: '1' })
const unavailable = () => new ApiError('UNAVAILABLE', 'QUEUE_UNREACHABLE', 'moves')

test('a call that is answered by UNAVAILABLE is tried again, any other is not', async () => {
  let calls = 0
  const { address } = await serve({
    getServerInfo() {
      calls += 1
      if (calls < 3) throw unavailable()
      if (calls === 3) return answer
      throw new ApiError('NOT_FOUND', 'NEVER_STORED', 'nothing there')
    },
  })
  const client = connectApi(address, service)
  onTestFinished(() => client.close())
  expect(await client.getServerInfo({})).toMatchObject({ version: '1' })
  expect(calls).toBe(3)
  await expect(client.getServerInfo({})).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(calls).toBe(4)
})

test('a client that was told so tries once', async () => {
  let calls = 0
  const { address } = await serve({
    getServerInfo() {
      calls += 1
      throw unavailable()
    },
  })
  const client = connectApi(address, service, { retry: false })
  onTestFinished(() => client.close())
  await expect(client.getServerInfo({})).rejects.toMatchObject({ reason: 'QUEUE_UNREACHABLE' })
  expect(calls).toBe(1)
})

test('a signal ends a call, before it began and while it runs', async () => {
  const begun = Promise.withResolvers<void>()
  const { address } = await serve({
    getServerInfo: () => {
      begun.resolve()
      return new Promise(() => {})
    },
  })
  const client = connectApi(address, service)
  onTestFinished(() => client.close())
  await expect(client.getServerInfo({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
  const ended = new AbortController()
  const call = client.getServerInfo({}, { signal: ended.signal })
  await begun.promise
  ended.abort()
  await expect(call).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('services share a channel, which its owner closes', async () => {
  const { address } = await serve({ getServerInfo: () => answer }, { publish: () => ({ results: [] }) })
  const channel = openChannel(address)
  onTestFinished(() => channel.close())
  const first = connectApi(channel, service)
  expect(await first.getServerInfo({})).toMatchObject({ version: '1' })
  first.close()
  const second = connectApi(channel, messaging.MessagingServiceService)
  expect(await second.publish(messaging.PublishRequest.create({}))).toEqual({ results: [] })
})

test('a stream whose server goes away ends with an error for reader and writer', async () => {
  const server = await serve(
    {},
    {
      async *publishStream(requests) {
        for await (const _ of requests) yield { frame: { $case: 'acks', value: { acks: [] } } }
      },
    },
  )
  const client = connectApi(server.address, messaging.MessagingServiceService)
  onTestFinished(() => client.close())
  const call = client.publishStream()
  const answers = call[Symbol.asyncIterator]()
  const open: messaging.PublishStreamRequest = { frame: { $case: 'items', value: { items: [] } } }
  await call.send(open)
  await answers.next()
  server.stop()
  await expect(answers.next()).rejects.toMatchObject({ name: 'ApiError' })
  await expect(call.send(open)).rejects.toMatchObject({ name: 'ApiError' })
})

test('nobody at the address is UNAVAILABLE within the deadline', async () => {
  const client = connectApi('127.0.0.1:1', service, { retry: false })
  onTestFinished(() => client.close())
  await expect(client.getServerInfo({}, { deadlineMs: 5_000 })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})
