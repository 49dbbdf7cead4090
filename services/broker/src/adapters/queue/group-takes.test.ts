import { LogError } from '@tern/log'
import { group } from '@tern/proto'
import { expect, test, vi } from 'vitest'
import { bodyOf, type FakeBroker, type FakeProxy, recordsOf, region } from '../link/link.fixture.ts'

const { TAKEN, REFUSED, SUPERSEDED } = group.GroupTakeVerdict
/** An owner waits two seconds before it leases what another one had out, and keeps progress once a second. */
const patient = { timeout: 15_000 }
vi.setConfig({ testTimeout: 20_000 })

const name = '$share/g/#'
const session = { epoch: 10, counter: 1 }
const taker = (counter = 1, clientId = 'm') => ({
  ...{ clientId, session, connection: { epoch: 10, counter }, clean: false },
})
const sent = (sequence: number) => bodyOf('a/b', `m${sequence}`, { producer: 7, sequence, qos: 2 })

let ids = 0
async function take(proxy: FakeProxy, position: number, who = taker()): Promise<group.GroupTakeVerdict> {
  const id = ++ids
  proxy.send({ groupTakes: [{ id, queue: 0, group: name, position, taker: who }] })
  return (await proxy.find('groupTakeAnswers', (answer) => answer.id === id)).verdict
}

async function done(proxy: FakeProxy, position: number, clientId = 'm'): Promise<void> {
  const id = ++ids
  proxy.send({ groupDones: [{ id, queue: 0, group: name, position, clientId, session }] })
  await proxy.find('groupDoneAnswers', (answer) => answer.id === id)
}

async function attach(proxy: FakeProxy, who = taker()): Promise<number[]> {
  const id = ++ids
  proxy.send({ takerAttaches: [{ id, queue: 0, taker: who, gone: false }] })
  return (await proxy.find('takerAttachAnswers', (answer) => answer.id === id)).taken.map(({ position }) => position)
}

async function join(proxy: FakeProxy, held: number[] = []): Promise<void> {
  const id = ++ids
  proxy.send({ groupJoins: [{ id, queue: 0, group: name, credit: 10, held }] })
  await proxy.find('groupJoinAnswers', (answer) => answer.id === id)
}

const leasedTo = (proxy: FakeProxy): number[] =>
  proxy.received.flatMap(({ groupDeliveries }) =>
    groupDeliveries.flatMap((each) => recordsOf({ ...each, first: 0, last: 0 }).map(([position]) => position)),
  )

const stored = (broker: FakeBroker, position: number) => {
  const entry = broker.homes.store(0)?.get(`taken/${name}/${position}`)
  return entry?.$case === 'taken' ? entry.value : undefined
}

/** A broker with records 0 to 2 of the group leased to a proxy. */
async function leased() {
  const world = await region()
  const first = world.broker(1)
  await first.own([0, 1], 10)
  const proxy = first.connect(7)
  await join(proxy)
  await proxy.append(0, 1, [sent(1), sent(2), sent(3)])
  await expect.poll(() => leasedTo(proxy)).toEqual([0, 1, 2])
  return { ...world, first, proxy }
}

test('"taken" is durable before it is answered, and said to the same session again (D10)', async () => {
  const { first, proxy, faults } = await leased()
  faults.beforeAppend = (topic) => {
    if (topic === 'tern.state') throw new LogError('refused', 'disk full')
  }
  const taken = take(proxy, 0)
  await proxy.append(0, 4, [sent(4)])
  await expect.poll(() => leasedTo(proxy)).toEqual([0, 1, 2, 3])
  expect(proxy.received.flatMap(({ groupTakeAnswers }) => groupTakeAnswers)).toEqual([])
  delete faults.beforeAppend
  expect(await taken).toBe(TAKEN)
  expect(stored(first, 0)).toMatchObject({ clientId: 'm', session, done: false })
  expect(await take(proxy, 0)).toBe(TAKEN)
  expect(await take(proxy, 0, taker(1, 'n'))).toBe(REFUSED)
})

test('a record that is leased to another proxy is not given', async () => {
  const { first, proxy } = await leased()
  const other = first.connect(8)
  await join(other)
  expect(await take(other, 1)).toBe(REFUSED)
  expect(await take(proxy, 1)).toBe(TAKEN)
})

test('after a failover a taken record is its session’s still, offered to it and to nobody else [MQTT5-4.8.2-4]', async () => {
  const { proxy, broker } = await leased()
  expect(await take(proxy, 1)).toBe(TAKEN)
  const second = broker(2)
  await second.own([0, 1], 20)
  const again = second.connect(8)
  await join(again)
  expect(await attach(again, taker(2))).toEqual([1])
  await expect.poll(() => leasedTo(again), patient).toEqual([0, 2])
})

test('a lower connection takes nothing once a higher one has asked, until that has gone', async () => {
  const { proxy, first } = await leased()
  const other = first.connect(8)
  expect(await attach(other, taker(2))).toEqual([])
  expect(await take(proxy, 0)).toBe(SUPERSEDED)
  other.send({ takerAttaches: [{ id: 0, queue: 0, taker: taker(2), gone: true }] })
  await attach(other, taker(9, 'somebody'))
  expect(await take(proxy, 0)).toBe(TAKEN)
  expect(await attach(other, taker(3))).toEqual([0])
})

test('what is done is not offered, and not leased by the next owner although no progress says so', async () => {
  const { proxy, broker } = await leased()
  expect(await take(proxy, 1)).toBe(TAKEN)
  await done(proxy, 1)
  expect(await attach(proxy)).toEqual([])
  const second = broker(2)
  await second.own([0, 1], 20)
  const again = second.connect(8)
  await join(again)
  expect(await attach(again)).toEqual([])
  await expect.poll(() => leasedTo(again), patient).toEqual([0, 2])
})

test('what is done is forgotten once a saved progress speaks for it', async () => {
  const { proxy, first } = await leased()
  for (const position of [0, 1]) expect(await take(proxy, position)).toBe(TAKEN)
  await done(proxy, 1)
  await expect.poll(() => stored(first, 1), patient).toBeUndefined()
  expect(stored(first, 0)).toMatchObject({ done: false })
  const progress = first.homes.store(0)?.get(`group/${name}`)
  expect(progress).toMatchObject({ value: { progress: { low: 1 } } })
  // An end that is told again changes nothing.
  await done(proxy, 1)
})

test('what a session had that ends with its connection ends with its proxy, for everybody [MQTT5-4.8.2-5]', async () => {
  const { proxy, first, dead } = await leased()
  expect(await take(proxy, 0, { ...taker(), clean: true })).toBe(TAKEN)
  const other = first.connect(8)
  await join(other)
  dead.add(7)
  first.links.proxyDied(7)
  await expect.poll(() => leasedTo(other), patient).toEqual([1, 2])
  await expect.poll(() => stored(first, 0), patient).toBeUndefined()
})
