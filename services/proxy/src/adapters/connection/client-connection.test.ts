import { home } from '@tern/proto'
import { expect, test } from 'vitest'
import { connectBytes, publishBytes, setUp, subscribeBytes, subscribeSharedBytes } from './client-connection.fixture.ts'

const pingreq = [0xc0, 0]
const kinds = (packets: readonly { cmd: string }[]) => packets.map(({ cmd }) => cmd)

async function connected(options?: Parameters<typeof connectBytes>[0]) {
  const world = setUp()
  const client = world.connect()
  client.socket.receive(connectBytes(options))
  await world.clock.pass(0)
  return { ...world, ...client }
}

test('CONNECT is answered when the home has answered, and what came with it after that [MQTT5-3.2.0-1]', async () => {
  const { clock, connect } = setUp()
  const { socket } = connect()
  socket.receive(connectBytes(), pingreq)
  expect(socket.packets).toEqual([])
  await clock.pass(0)
  expect(kinds(socket.packets)).toEqual(['connack', 'pingresp'])
})

test('F4: a socket without a whole CONNECT is closed after ten seconds', async () => {
  const { clock, connect } = setUp()
  const { socket } = connect()
  socket.receive(connectBytes().slice(0, 8))
  await clock.pass(9_900)
  expect(socket.closed).toBe(false)
  await clock.pass(1_000)
  expect(socket.closed).toBe(true)
  expect(socket.sent).toEqual([])
})

test('who is silent for one and a half times its keep alive is closed with 0x8D [MQTT5-3.1.2-22]', async () => {
  const { clock, socket } = await connected()
  for (let round = 0; round < 5; round++) {
    await clock.pass(14_000)
    socket.receive(pingreq)
  }
  expect(socket.closed).toBe(false)
  await clock.pass(16_000)
  expect(socket.packets.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8d })
})

test('while a queue has no room its publishers are not read, and their keep-alive clocks stand (rule 7)', async () => {
  const { clock, socket, fake } = await connected()
  fake.full = true
  socket.receive(publishBytes(0), publishBytes(1, 2), pingreq)
  expect(socket.paused).toBe(true)
  await clock.pass(60_000)
  expect(socket.closed).toBe(false)
  expect(fake.appended).toEqual([])
  fake.makeRoom()
  expect(fake.appended.map(({ record }) => record.envelope.qos)).toEqual([0, 1])
  expect(kinds(socket.packets)).toEqual(['connack', 'pingresp'])
  await clock.pass(14_000)
  expect(socket.closed).toBe(false)
})

test('F11: who asks and never reads the answers is read no further, and its keep alive ends it', async () => {
  const { clock, socket } = await connected()
  const pings = Buffer.from(Array.from({ length: 100_000 }, () => pingreq).flat())
  for (let i = 0; i < 50; i++) socket.pour(pings)
  expect(socket.paused).toBe(true)
  expect(socket.pending).toBeLessThan(2 * 2 ** 20)
  await clock.pass(16_000)
  expect(socket.closed).toBe(true)
})

test('F11: who reads the answers after all is read on', async () => {
  const { clock, socket } = await connected()
  const pings = Buffer.from(Array.from({ length: 600_000 }, () => pingreq).flat())
  socket.pour(pings, pingreq)
  expect(socket.paused).toBe(true)
  socket.drain()
  await clock.pass(0)
  expect(socket.paused).toBe(false)
  expect(socket.packets).toHaveLength(1 + 600_001)
})

test('PUBACK leaves when the record is stored, and carries a refusal; a newer connection closes this one', async () => {
  const { socket, fake } = await connected()
  socket.receive(publishBytes(1, 1), publishBytes(1, 2), publishBytes(1, 3))
  const [first, second, third] = fake.appended
  expect(kinds(socket.packets)).toEqual(['connack'])
  first?.answer({ verdict: 'stored', position: 0 })
  second?.answer({ verdict: 'refused', reasonCode: 0x97 })
  expect(socket.packets.slice(1)).toMatchObject([
    { cmd: 'puback', messageId: 1, reasonCode: 0 },
    { cmd: 'puback', messageId: 2, reasonCode: 0x97 },
  ])
  third?.answer({ verdict: 'superseded' })
  expect(socket.packets.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8e })
  expect(socket.closed).toBe(true)
})

test('the loss of a connection is told to its home, with its will; a normal DISCONNECT without', async () => {
  for (const [ending, willApplies] of [
    [[0xe0, 0], false],
    [[0xe0, 1, 4], true],
    [[0x00, 0], true],
  ] as const) {
    const { socket, fake, clock } = await connected()
    socket.receive(ending)
    await clock.pass(0)
    expect(fake.calls.at(-1)).toMatchObject({ $case: 'close', value: { willApplies } })
  }
})

test('a connection with a will is reported lost once all that it published is answered: the will comes after that (D9)', async () => {
  const { socket, fake, clock, connection } = await connected({ will: true })
  socket.receive(publishBytes(1, 1), publishBytes(1, 2))
  connection.closed()
  await clock.pass(0)
  const [first, second] = fake.appended
  first?.answer({ verdict: 'stored', position: 0 })
  expect(fake.calls.map(({ $case }) => $case)).toEqual(['open'])
  second?.answer({ verdict: 'stored', position: 0 })
  expect(fake.calls.at(-1)).toMatchObject({ $case: 'close', value: { willApplies: true } })
})

test('a home that refuses is heard with its code, and nothing after it is acted on', async () => {
  const { clock, connect, fake } = setUp()
  fake.status = home.HomeStatus.REFUSED
  const { socket } = connect()
  socket.receive(connectBytes(), publishBytes(1))
  await clock.pass(0)
  expect(socket.packets).toMatchObject([{ cmd: 'connack', reasonCode: 0x88 }])
  expect(socket.closed).toBe(true)
  expect(fake.appended).toEqual([])
})

test('a client that goes while its CONNECT is under way is reported to the home that thinks it is here', async () => {
  const { clock, connect, fake, connections } = setUp()
  const { socket, connection } = connect()
  socket.receive(connectBytes())
  connection.destroy('gone')
  await clock.pass(0)
  expect(fake.calls.map(({ $case }) => $case)).toEqual(['open', 'close'])
  expect(connections.size).toBe(0)
})

test('a client that goes while its SUBSCRIBE is under way gives back its own interest, once', async () => {
  for (const before of [[], [subscribeBytes]]) {
    const { clock, fake, socket, connection } = await connected()
    socket.receive(...before)
    await clock.pass(0)
    socket.receive(subscribeBytes)
    connection.destroy('gone')
    await clock.pass(0)
    expect(fake.interests.get('a')).toBe(0)
  }
})

test('a session that lasts is a member of a group once its home knows so: what it takes must find it one when it comes back', async () => {
  const { clock, socket, fake } = await connected({ expirySeconds: 60 })
  socket.receive(subscribeSharedBytes)
  await clock.pass(0)
  expect(fake.joined).toEqual([{ group: '$share/g/a', afterCall: 'subscribe' }])
  expect(socket.packets.at(-1)).toMatchObject({ cmd: 'suback', granted: [2] })
  const other = await connected({ expirySeconds: 60 })
  other.fake.status = home.HomeStatus.REFUSED
  other.socket.receive(subscribeSharedBytes)
  await other.clock.pass(0)
  expect(other.fake.joined).toEqual([])
  expect(other.socket.packets.at(-1)).toMatchObject({ cmd: 'suback', granted: [0x80] })
})

test('a shared subscription that its owners refuse is not kept by its home, and others of the packet are', async () => {
  const { clock, socket, fake } = await connected({ expirySeconds: 60 })
  fake.groupRefusal = 0x97
  socket.receive(subscribeSharedBytes)
  await clock.pass(0)
  expect(socket.packets.at(-1)).toMatchObject({ cmd: 'suback', granted: [0x97] })
  expect(fake.calls.map((call) => call.$case)).not.toContain('subscribe')
  expect(fake.joined).toEqual([])
})

test('a proxy that has as many connections as it may lets nobody in until one is over (F12)', async () => {
  const { connections, connect } = setUp()
  const [first] = [connect(), connect()]
  expect([connections.admits(3), connections.admits(2)]).toEqual([true, false])
  first?.connection.destroy('gone')
  expect(connections.admits(2)).toBe(true)
})
