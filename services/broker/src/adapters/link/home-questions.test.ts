import { LogError } from '@tern/log'
import { home, state } from '@tern/proto'
import { partitionOf } from '@tern/routing'
import { expect, test } from 'vitest'
import { type FakeProxy, region } from './link.fixture.ts'

const clientAt = (queue: number): string =>
  ['c', 'd', 'e', 'f', 'g', 'h'].find((clientId) => partitionOf(clientId, 2) === queue) as string
const [here, there] = [clientAt(0), clientAt(1)]
const held = '$share/g/a'

/** Queue 0 and its home are of the first broker, queue 1 is of the second. */
async function twoBrokers() {
  const world = await region()
  const [first, second] = [world.broker(1), world.broker(2)]
  await first.own([0], 10)
  await second.own([1], 20)
  return { ...world, first, second }
}

let calls = 0
async function openAt(proxy: FakeProxy, clientId: string, will?: state.StoredWill) {
  const sent = { $case: 'open', value: home.OpenSession.fromPartial({ expirySeconds: 60, will }) } as const
  const { opened } = await proxy.call(clientId, partitionOf(clientId, 2), sent, ++calls)
  const key = { clientId, incarnation: opened!.session! }
  const call = (next: NonNullable<home.HomeCall['call']>) =>
    proxy.call(clientId, partitionOf(clientId, 2), next, ++calls)
  return { key, connection: opened!.connection!, call }
}

test('homes on this broker and on others say which sessions exist', async () => {
  const { first, second } = await twoBrokers()
  const one = await openAt(first.connect(7), here)
  const two = await openAt(second.connect(7), there)
  const other = { clientId: there, incarnation: { epoch: 1, counter: 1 } }
  expect(await first.askHomes.sessionsExist([one.key, two.key, other])).toEqual([one.key, two.key])
  expect(await second.askHomes.sessionsExist([other, one.key])).toEqual([one.key])
})

test('a session that has no connection exists until it ends', async () => {
  const { first, second } = await twoBrokers()
  const { key, connection, call } = await openAt(second.connect(7), there)
  const close = (expirySeconds: number) =>
    call({ $case: 'close', value: { connection, willApplies: false, expirySeconds, cursor: undefined } })
  await close(60)
  expect(await first.askHomes.sessionsExist([key])).toEqual([key])
  const again = await openAt(second.connect(7), there)
  await again.call({
    $case: 'close',
    value: { connection: again.connection, willApplies: false, expirySeconds: 0, cursor: undefined },
  })
  expect(await first.askHomes.sessionsExist([key])).toEqual([])
})

test('a home does not say that a session has ended before that is durable', async () => {
  const { first, second, faults } = await twoBrokers()
  const { key, call, connection } = await openAt(second.connect(7), there)
  const refused = Promise.withResolvers<void>()
  let refusals = 0
  faults.beforeAppend = () => {
    if (++refusals === 3) refused.resolve()
    throw new LogError('refused', 'the disk is full')
  }
  const ended = call({
    $case: 'close',
    value: { connection, willApplies: false, expirySeconds: 0, cursor: undefined },
  })
  let answered = false
  const asked = first.askHomes.sessionsExist([key]).then((keys) => {
    answered = true
    return keys
  })
  await refused.promise
  expect(answered).toBe(false)
  delete faults.beforeAppend
  expect(await asked).toEqual([])
  expect(await ended).toMatchObject({ status: home.HomeStatus.OK })
})

test('a home that a newer one has replaced gives no answer', async () => {
  const { first, second, broker } = await twoBrokers()
  const { key } = await openAt(second.connect(7), there)
  await broker(3).own([1], 30)
  await expect(second.askHomes.sessionsExist([key])).rejects.toThrow('did not answer')
  expect(await first.askHomes.sessionsExist([key])).toEqual([key])
})

test('a shared filter is held while a session of any home holds it', async () => {
  const { first, second } = await twoBrokers()
  const { connection, call } = await openAt(second.connect(7), there)
  expect(await first.askHomes.filterHeld(held)).toBe(false)
  const subscription = home.Subscribe.fromPartial({ connection, subscriptions: [{ filter: held }, { filter: 'a' }] })
  await call({ $case: 'subscribe', value: subscription })
  expect(await first.askHomes.filterHeld(held)).toBe(true)
  expect(await first.askHomes.filterHeld('$share/h/a')).toBe(false)
  await call({ $case: 'unsubscribe', value: { connection, filters: [held] } })
  expect(await first.askHomes.filterHeld(held)).toBe(false)
})

test('a new home knows which shared filters its sessions hold', async () => {
  const { first, second, broker } = await twoBrokers()
  const { connection, call } = await openAt(second.connect(7), there)
  const subscription = home.Subscribe.fromPartial({ connection, subscriptions: [{ filter: held }] })
  await call({ $case: 'subscribe', value: subscription })
  await broker(3).own([1], 30)
  expect(await first.askHomes.filterHeld(held)).toBe(true)
})

test('a home says of which clients it stores a will, of that connection or a lower one', async () => {
  const { first, second } = await twoBrokers()
  const will = state.StoredWill.fromPartial({ topic: 'gone' })
  const { connection, call } = await openAt(second.connect(7), there, will)
  const asked = { clientId: there, connection }
  const lower = { clientId: there, connection: { epoch: 1, counter: 1 } }
  expect(await first.askHomes.willsStored([asked, lower, { clientId: here, connection }])).toEqual([asked])
  await call({ $case: 'close', value: { connection, willApplies: false, cursor: undefined } })
  expect(await first.askHomes.willsStored([asked])).toEqual([])
})
