import { createMemoryLog } from '@tern/log'
import { nameserver as proto } from '@tern/proto'
import { createMembership } from '@tern/routing'
import { connectClient, startServer, unaryCall } from '@tern/rpc'
import { systemClock as clock, createLogger } from '@tern/runtime'
import { recordingTracer } from '@tern/telemetry/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { createNameserver } from './nameserver.ts'
import { cleanUp, freeAddress, later } from './testing/region.ts'

afterEach(cleanUp)

/** A region of one nameserver that leads. */
async function setUp() {
  const tracer = recordingTracer()
  const lines: Record<string, unknown>[] = []
  const logger = createLogger((line) => void lines.push(JSON.parse(line)))
  const listen = await freeAddress()
  const config = { name: 'ns', nonce: 'run', zone: 'az-a', listen, peers: [], queues: 2, movesMax: 4 }
  const nameserver = createNameserver(config, { log: createMemoryLog({ now: clock.now }), clock, logger, tracer })
  await nameserver.start()
  later(() => nameserver.stop())
  const value = (name: string) =>
    nameserver.metrics
      .snapshot()
      .filter((each) => each.name === `tern_nameserver_${name}`)
      .reduce((sum, each) => sum + each.value, 0)
  await vi.waitFor(() => expect(value('leading')).toBe(1), 5_000)
  const spansOf = (name: string) => tracer.spans.filter((span) => span.name === name)
  return { address: listen, lines, value, spansOf }
}

async function startBroker(nameserver: string, nonce: string) {
  const server = await startServer('127.0.0.1:0', [])
  const { address } = server
  const membership = createMembership({ kind: 'broker', zone: 'az-b', address, addresses: [nameserver], nonce, clock })
  const end = () => {
    server.stop()
    membership.stop()
  }
  later(end)
  return { incarnation: await membership.joined, address, end }
}

test('a term that is claimed is a span, and its log line says which', async () => {
  const { lines, value, spansOf } = await setUp()
  await vi.waitFor(() => expect(spansOf('leader change')[0]?.ended).toBeTruthy(), 5_000)
  expect(spansOf('leader change')).toMatchObject([
    { attributes: { 'tern.term': 1, 'tern.leader': 'ns/run' }, ended: { error: undefined } },
  ])
  expect(lines.find(({ message }) => message === 'claimed a term')).toMatchObject({ trace_id: expect.any(String) })
  expect([value('term'), value('claims_total'), value('queues')]).toEqual([1, 1, expect.any(Number)])
})

test('a death is a span with the member and with where its queues go, and is counted by its cause', async () => {
  const { address, lines, value, spansOf } = await setUp()
  const first = await startBroker(address, 'one')
  await vi.waitFor(() => expect(value('queues_unowned')).toBe(0), 5_000)
  await startBroker(address, 'two')
  first.end()
  await vi.waitFor(() => expect(value('deaths_total')).toBe(1), 5_000)
  const [span] = spansOf('member death')
  expect(span).toMatchObject({ attributes: { 'tern.deaths': 1 }, ended: { error: undefined } })
  expect(span?.events).toContainEqual({
    name: 'member died',
    attributes: {
      'tern.incarnation': first.incarnation,
      'server.address': first.address,
      'cloud.availability_zone': 'az-b',
      'tern.reason': expect.any(String),
    },
  })
  expect(span?.events.some(({ name }) => name === 'queue assigned')).toBe(true)
  expect(lines.find(({ message }) => message === 'declared a member dead')).toMatchObject({
    span_id: expect.any(String),
  })
  expect(value('joins_total')).toBe(2)
})

test('a drain is a span, and shows in the numbers', async () => {
  const { address, value, spansOf } = await setUp()
  await startBroker(address, 'one')
  const client = connectClient(address)
  later(() => client.close())
  const request = { zone: 'az-b', broker: 0, draining: true }
  await unaryCall(client, proto.NameserverServiceService.drain, request, 5_000)
  expect(spansOf('drain')).toMatchObject([
    { attributes: { 'cloud.availability_zone': 'az-b', 'tern.draining': true }, ended: { error: undefined } },
  ])
  expect([value('drains_total'), value('members_draining')]).toEqual([1, 1])
})
