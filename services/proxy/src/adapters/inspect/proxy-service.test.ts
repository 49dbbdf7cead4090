import { proxy } from '@tern/proto'
import { expect, onTestFinished, test } from 'vitest'
import { connectBytes, publishBytes, setUp, subscribeSharedBytes } from '../connection/client-connection.fixture.ts'
import { ProxyInspect } from './proxy-service.ts'

function inspected() {
  const all = setUp()
  const inspect = new ProxyInspect(all.context, { name: 'proxy-a', zone: 'az-a' })
  onTestFinished(() => inspect.stop())
  return { ...all, inspect }
}

async function connected(expirySeconds = 60) {
  const all = inspected()
  const { socket } = all.connect()
  socket.receive(connectBytes({ expirySeconds }))
  await expect.poll(() => socket.packets.length).toBe(1)
  return { ...all, socket }
}

test('a connection is described, with what was published and is in flight', async () => {
  const { socket, inspect } = await connected()
  socket.receive(publishBytes(0), publishBytes(1))
  expect(inspect.describeConnections({ clientIds: ['c', 'd'] })).toMatchObject({
    connections: [
      {
        ...{ clientId: 'c', protocol: 'MQTT 5.0', address: '10.0.0.1:5', keepAliveSeconds: 10, published: 2 },
        ...{ inflight: 0, dropped: 0, receiveMaximum: 65_535, cleanStart: true },
      },
    ],
    endings: [],
  })
  const top = proxy.TopConnectionsRequest.fromPartial({
    order: proxy.ConnectionOrder.PUBLISHED,
    filter: 'published > 1',
  })
  expect(inspect.topConnections(top).connections).toHaveLength(1)
  expect(inspect.topConnections({ ...top, filter: 'published > 2' }).connections).toEqual([])
})

test('an operator disconnects a client: it is told the code, and its session and its end are remembered', async () => {
  const { socket, inspect, connections, fake } = await connected()
  connections.disconnected('c', { connection: { epoch: 1, counter: 1 }, reasonCode: 0x98, reason: 'by an operator' })
  expect(socket.packets.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x98 })
  await expect.poll(() => fake.calls.at(-1)).toMatchObject({ $case: 'close', value: { willApplies: true } })
  const { events } = inspect.listClientEvents({ clientId: 'c', before: 0, limit: 10 })
  expect(events).toMatchObject([
    { kind: 'disconnected', reason: 'by an operator', reasonCode: 0x98, number: 2 },
    { kind: 'connected', address: '10.0.0.1:5', number: 1 },
  ])
  expect(inspect.describeConnections({ clientIds: ['c'] })).toMatchObject({ connections: [], endings: [{ number: 2 }] })
})

test('a newer connection of the client is left alone', async () => {
  const { socket, connections } = await connected()
  connections.disconnected('c', { connection: { epoch: 1, counter: 0 }, reasonCode: 0x98, reason: '' })
  expect(socket.closed).toBe(false)
})

test('members of groups are told, and subscriptions that no home knows', async () => {
  const { socket, inspect } = await connected(0)
  socket.receive(subscribeSharedBytes)
  await expect
    .poll(() => inspect.listGroupMembers({ sharedFilters: [] }).members)
    .toMatchObject([{ sharedFilter: '$share/g/a', clientId: 'c', unsettled: 0 }])
  expect(inspect.matchTopic({ topic: 'a', limit: 10 })).toMatchObject({ total: 1, subscriptions: [{ clientId: 'c' }] })
  const lasting = await connected(60)
  lasting.socket.receive(subscribeSharedBytes)
  await expect.poll(() => lasting.inspect.listGroupMembers({ sharedFilters: [] }).members).toHaveLength(1)
  expect(lasting.inspect.matchTopic({ topic: 'a', limit: 10 }).total).toBe(0)
})
