import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { cluster, health, messaging } from '@tern/proto'
import { connectApi, publicService } from '@tern/rpc'
import { systemClock } from '@tern/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { apiError } from './api-error.ts'
import { startApiServer } from './api-server.ts'

const root = join(import.meta.dirname, '../../..')

async function served() {
  const server = await startApiServer({
    listeners: [{ address: '127.0.0.1:0', shared: false }],
    services: [
      publicService(cluster.ClusterServiceService, {
        getServerInfo: () => cluster.GetServerInfoResponse.create({ version: '9.9' }),
        drain() {
          throw apiError('INVALID_ARGUMENT', 'FIELD_INVALID', 'zone is unknown', {
            details: { fields: [{ field: 'zone', description: 'is unknown' }] },
          })
        },
      }),
      publicService(messaging.MessagingServiceService, {
        async *subscribe(requests) {
          for await (const { frame } of requests) {
            if (frame?.$case !== 'credit') continue
            const subscriberId = `s-${frame.value.messages}`
            const value = messaging.SubscribeResponse_Opened.create({ subscriberId })
            yield { frame: { $case: 'opened', value } }
          }
        },
      }),
    ],
    headers: { 'tern-zone': 'az-a' },
    clock: systemClock,
    fault: () => {},
  })
  onTestFinished(() => server.kill())
  return server
}

/** By reflection alone: it is given no contracts. */
async function bufCurl(address: string, method: string, data: string, more: readonly string[] = []) {
  const flags = ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', ...more]
  return runBuf([...flags, ...(data === '' ? [] : ['--data', data]), `http://${address}/${method}`])
}

/** In a folder without contracts. What it says on either way. */
async function runBuf(args: readonly string[]): Promise<string> {
  const child = spawn(join(root, 'node_modules/.bin/buf'), args, { cwd: '/' })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk
    })
  }
  await once(child, 'close')
  return out
}

test('buf curl calls by reflection: unary, with details of an error, and a stream both ways', {
  timeout: 30_000,
}, async () => {
  const [address = ''] = (await served()).addresses
  expect(await bufCurl(address, 'tern.v1.ClusterService/GetServerInfo', '{}')).toContain('"version": "9.9"')
  const refused = await bufCurl(address, 'tern.v1.ClusterService/Drain', '{}')
  expect(refused).toContain('zone is unknown')
  expect(refused).toContain('google.rpc.BadRequest')
  const frames = '{"credit":{"messages":1}}{"credit":{"messages":2}}'
  const answers = await bufCurl(address, 'tern.v1.MessagingService/Subscribe', frames)
  expect(answers).toMatch(/s-1[\s\S]*s-2/)
  const listed = await bufCurl(address, '', '', ['--list-methods'])
  expect(listed).toContain('tern.v1.MessagingService/Publish')
})

test('buf curl calls by Connect over HTTP/1.1', { timeout: 30_000 }, async () => {
  const [address = ''] = (await served()).addresses
  const flags = ['curl', '--protocol', 'connect', '--schema', join(root, 'proto'), '--data', '{}']
  const run = (method: string) => runBuf([...flags, `http://${address}/tern.v1.ClusterService/${method}`])
  expect(await run('GetServerInfo')).toContain('"version": "9.9"')
  const refused = await run('Drain')
  expect(refused).toContain('"code": "invalid_argument"')
  expect(refused).toContain('zone is unknown')
})

test('health is told for the whole and for each service, and changes before the server stops', async () => {
  const server = await served()
  const [address = ''] = server.addresses
  const client = connectApi(address, health.HealthService)
  onTestFinished(() => client.close())
  const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = health.HealthCheckResponse_ServingStatus
  expect(await client.check({ service: '' })).toEqual({ status: SERVING })
  expect(await client.check({ service: 'tern.v1.ClusterService' })).toEqual({ status: SERVING })
  await expect(client.check({ service: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(Object.keys((await client.list({})).statuses)).toContain('tern.v1.MessagingService')
  const watched = client.watch({ service: 'tern.v1.ClusterService' })[Symbol.asyncIterator]()
  expect((await watched.next()).value).toEqual({ status: SERVING })
  const unknown = client.watch({ service: 'x' })[Symbol.asyncIterator]()
  expect((await unknown.next()).value).toEqual({ status: SERVICE_UNKNOWN })
  const stopped = server.stop({ noticeMs: 100, graceMs: 100 })
  expect((await watched.next()).value).toEqual({ status: NOT_SERVING })
  await stopped
})
