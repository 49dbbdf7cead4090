import { manualClock } from '@tern/runtime/testing'
import { expect, test } from 'vitest'
import type { ReceivedMessage } from '../received-message.ts'
import type { Subscription } from '../subscription.ts'
import { TernError } from '../tern-error.ts'
import { FakeRegion } from './fake-region.ts'

/** Of a subscription, so that the loop can go on where it was. */
function reader(subscription: Subscription): () => Promise<ReceivedMessage> {
  const messages = subscription[Symbol.asyncIterator]()
  return async () => (await messages.next()).value as ReceivedMessage
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

test('a program publishes, and another one works on it until both drain', async () => {
  const tern = new FakeRegion().connect({ clientId: 'orders' })
  const subscription = tern.subscribe('orders/+', { subscriberId: 'billing', start: 'earliest' })
  const receipts = await Promise.all([tern.publish('orders/1', { total: 3 }), tern.publish('stock/1', 'no')])
  expect(receipts.map(({ messageId }) => messageId)).toEqual(['0-0', '0-1'])
  const seen: unknown[] = []
  for await (const message of subscription) {
    seen.push([message.topic, message.json(), message.message.publisherClientId, message.attempt])
    message.ack()
    void tern.drain()
  }
  expect(seen).toEqual([['orders/1', { total: 3 }, 'orders', 1]])
})

test('what is no topic is refused, and so is what is no filter', async () => {
  const tern = new FakeRegion().connect()
  await expect(tern.publish('a/+', '')).rejects.toThrow('"a/+" is no topic name')
  await expect(all(tern.subscribe('a/#/b'))).rejects.toThrow(TernError)
})

test('members of a group share, and what one does not settle goes to another after the break', async () => {
  const region = new FakeRegion()
  const [one, two] = [region.connect(), region.connect()]
  const join = (tern: typeof one) => reader(tern.subscribe('a', { group: 'g', start: 'earliest' }))
  const [first, second] = [join(one), join(two)]
  await Promise.all(['1', '2'].map((text) => one.publish('a', text)))
  const [mine, yours] = [await first(), await second()]
  expect([mine.text(), yours.text()].sort()).toEqual(['1', '2'])
  yours.ack()
  // The acknowledgement is on its way only when the turn is over.
  await turn()
  one.close()
  const again = await second()
  expect([again.text(), again.attempt]).toEqual([mine.text(), 2])
})

test('a broken stream is opened anew: a named session goes on, and what was published meanwhile comes once', async () => {
  const clock = manualClock()
  const region = new FakeRegion({ clock })
  const tern = region.connect()
  const next = reader(tern.subscribe('#', { subscriberId: 's' }))
  const publish = (text: string) => {
    const receipt = tern.publish('a', text)
    clock.pass(0)
    return receipt
  }
  await publish('1')
  const unsettled = await next()
  region.breakStreams()
  await Promise.resolve()
  const meanwhile = publish('2')
  await Promise.resolve()
  clock.pass(5_000)
  await meanwhile
  const came = [await next(), await next()]
  expect(came.map((each) => [each.text(), each.attempt])).toEqual([
    [unsettled.text(), 2],
    ['2', 1],
  ])
  expect(region.messages).toHaveLength(2)
})

test('a nack brings a message again after its delay, leaves it out, or publishes it as a dead letter', async () => {
  const clock = manualClock()
  const region = new FakeRegion({ clock })
  const tern = region.connect()
  const next = reader(tern.subscribe('a', { subscriberId: 's' }))
  const publish = async (text: string) => {
    const receipt = tern.publish('a', text)
    clock.pass(0)
    await receipt
  }
  await publish('late')
  ;(await next()).nack({ delayMs: 5_000 })
  await publish('skipped')
  ;(await next()).nack({ action: 'skip' })
  clock.pass(4_999)
  await publish('dead')
  ;(await next()).nack({ action: 'dead-letter', reason: 'no total' })
  clock.pass(1)
  const again = await next()
  expect([again.text(), again.attempt]).toEqual(['late', 2])
  const dead = region.messages.at(-1)
  expect([dead?.topic, dead?.userProperties]).toEqual([
    '$dead/s/a',
    [
      { name: 'tern-dead-from', value: '0-2' },
      { name: 'tern-dead-reason', value: 'no total' },
    ],
  ])
})

test('no more is out than the window has', async () => {
  const tern = new FakeRegion().connect()
  const next = reader(tern.subscribe('a', { subscriberId: 's', window: 1 }))
  await Promise.all(['1', '2'].map((text) => tern.publish('a', text)))
  const first = await next()
  const second = next()
  expect(await Promise.race([second, turn().then(() => 'nothing')])).toBe('nothing')
  first.ack()
  expect((await second).text()).toBe('2')
})

test('retained messages, starts in the past and user properties', async () => {
  const tern = new FakeRegion().connect()
  await tern.publish('a/1', 'kept', { retain: true })
  await tern.publish('a/2', 'passing', { userProperties: [{ name: 'kind', value: 'x' }] })
  const kept = await reader(tern.subscribe('a/+'))()
  expect([kept.text(), kept.message.retain]).toEqual(['kept', true])
  const past = await reader(
    tern.subscribe('a/+', { start: 'earliest', userProperties: [{ name: 'kind', value: 'x' }] }),
  )()
  expect(past.text()).toBe('passing')
})

test('get, query and replay find what was published', async () => {
  const clock = manualClock()
  const region = new FakeRegion({ clock, kept: 3 })
  const tern = region.connect({ clientId: 'me' })
  const began = clock.now()
  for (const text of ['0', '1', '2', '3']) {
    const receipt = tern.publish(`t/${text}`, text)
    clock.pass(0)
    await receipt
    clock.pass(1_000)
  }
  expect(Buffer.from((await tern.get('0-2')).payload).toString()).toBe('2')
  await expect(tern.get('0-0')).rejects.toMatchObject({ code: 'NOT_FOUND', reason: 'NEVER_STORED' })
  const topics = async (...given: Parameters<typeof tern.query>) =>
    (await all(tern.query(...given))).map(({ topic }) => topic)
  expect(await topics('t/+', { newestFirst: true, publisher: 'me' })).toEqual(['t/3', 't/2', 't/1'])
  expect(await topics('', { from: new Date(began + 2_000), until: new Date(began + 3_000) })).toEqual(['t/2'])
  expect(await topics('', { contains: '3' })).toEqual(['t/3'])
  const replayed = await all(tern.replay('t/#', { start: new Date(began + 2_000) }))
  expect(replayed.map(({ message, cursor }) => [message.topic, cursor])).toEqual([
    ['t/2', undefined],
    ['t/3', '4'],
  ])
})

test('a replay that follows goes on with what comes', async () => {
  const tern = new FakeRegion().connect()
  await tern.publish('a', '1')
  const topics: string[] = []
  for await (const { message } of tern.replay('#', { follow: true })) {
    topics.push(message.topic)
    if (topics.length === 1) void tern.publish('b', '2')
    else break
  }
  expect(topics).toEqual(['a', 'b'])
})
