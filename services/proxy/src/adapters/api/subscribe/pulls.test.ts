import { type home, messaging } from '@tern/proto'
import { expect, test } from 'vitest'
import { onOneQueue } from './one-queue.fixture.ts'
import { type PullPorts, Pulls } from './pulls.ts'

const seconds = (count: number) => ({ seconds: count, nanos: 0 })

/** A function that calls for messages now and then. */
function caller(
  subscription: Partial<messaging.SubscribeRequest_Open> = {},
  world = onOneQueue(),
  settleElsewhere: PullPorts['settleElsewhere'] = async () => undefined,
) {
  const pulls = new Pulls({ ...world.ports, settleElsewhere })
  const open = messaging.SubscribeRequest_Open.fromPartial({ topicFilters: ['t'], subscriberId: 's', ...subscription })
  async function passing<Result>(calling: Promise<Result>, ms: number): Promise<Result> {
    calling.catch(() => {})
    // A session of a group is opened in many steps.
    for (let i = 0; i < 5; i++) await world.clock.pass(0)
    await world.clock.pass(ms)
    return calling
  }
  const begin = (fields: Partial<messaging.PullRequest>) =>
    pulls.pull({ subscription: open, maxMessages: 0, wait: undefined, ...fields }, world.call)
  const pull = async (maxMessages = 0) => (await passing(begin({ maxMessages }), 1_100)).deliveries
  const acknowledge = (ackIds: string[], fields: Partial<messaging.AcknowledgeRequest> = {}) =>
    passing(
      pulls.acknowledge(messaging.AcknowledgeRequest.fromPartial({ subscriberId: 's', ackIds, ...fields }), world.call),
      0,
    )
  return { ...world, pulls, begin, pull, acknowledge }
}

const texts = (deliveries: readonly messaging.Delivery[]) =>
  deliveries.map(({ message, attempt }) => `${message?.payload}${attempt}`)
const idsOf = (deliveries: readonly messaging.Delivery[]) => deliveries.map(({ ackId }) => ackId)

test('a pull brings as many as it asks for, the next one what comes after, and what is acknowledged is over', async () => {
  const c = caller()
  expect(await c.pull()).toEqual([])
  await c.publish('a', 'b', 'c')
  const first = await c.pull(2)
  expect(texts(first)).toEqual(['a1', 'b1'])
  expect(await c.acknowledge(idsOf(first))).toEqual({ errors: [] })
  const second = await c.pull()
  expect(texts(second)).toEqual(['c1'])
  await c.acknowledge(idsOf(second))
  await c.clock.pass(60_000)
  const close = c.fake.calls.find(({ $case }) => $case === 'close')?.value
  expect(close).toMatchObject({ cursor: { progress: [{ queue: 0, low: 2 }], inFlight: [] } })
})

test('a pull waits for its first message, and no longer than it was told', async () => {
  const c = caller()
  expect(await c.pull()).toEqual([])
  const pulling = c.begin({ wait: seconds(20) })
  await c.clock.pass(15_000)
  await c.publish('a')
  await c.clock.pass(100)
  expect(texts((await pulling).deliveries)).toEqual(['a1'])
})

test('what is not settled in time comes again, with one attempt more', async () => {
  const c = caller({ ackDeadline: seconds(10) })
  await c.pull()
  await c.publish('a', 'b')
  const [first] = await c.pull()
  await c.acknowledge([first?.ackId ?? ''])
  await c.clock.pass(4_000)
  await c.pull()
  await c.clock.pass(5_000)
  expect(texts(await c.pull())).toEqual(['b2'])
})

test('a negative acknowledgement puts it off', async () => {
  const c = caller()
  await c.pull()
  await c.publish('a')
  await c.acknowledge(idsOf(await c.pull()), { nack: messaging.NackAction.RETRY, delay: seconds(5) })
  expect(texts(await c.pull())).toEqual([])
  await c.clock.pass(5_000)
  expect(texts(await c.pull())).toEqual(['a2'])
})

test('between calls a member of a group takes nothing, and keeps what it has', async () => {
  const c = caller({ group: 'g' })
  await c.pull()
  c.queue.append('a', 'b')
  c.queue.groups.leased(0, '$share/g/t', c.queue.messages)
  expect(c.queue.returned).toEqual([0, 1])
  const pulling = c.begin({ maxMessages: 1, wait: seconds(20) })
  await c.clock.pass(100)
  await c.clock.pass(100)
  c.queue.groups.leased(0, '$share/g/t', c.queue.messages)
  await c.clock.pass(1_000)
  const { deliveries: got } = await pulling
  expect(texts(got)).toEqual(['a1'])
  expect(c.queue.returned).toEqual([0, 1, 1])
  await c.acknowledge(idsOf(got))
  expect(c.queue.settled).toEqual([0])
})

test('an acknowledgement by another proxy takes the session over, and settles what the first one delivered', async () => {
  const first = caller()
  await first.pull()
  await first.publish('a', 'b')
  const got = await first.pull()
  const { cursor } = first.connections.has('s') ? await leftBy(first) : { cursor: undefined }
  const second = onOneQueue()
  second.queue.append('a', 'b')
  const callHome = second.region.callHome
  second.region.callHome = async (clientId, call) => {
    const answer = await callHome(clientId, call)
    const connection = { epoch: 2, counter: 1 }
    if (call.$case === 'open' && answer.opened)
      Object.assign(answer.opened, { sessionPresent: true, cursor, connection })
    return answer
  }
  const other = caller({}, second)
  expect((await other.acknowledge([got[0]?.ackId ?? '', '1.1.1.0-77'])).errors).toMatchObject([{ ackId: '1.1.1.0-77' }])
  await second.clock.pass(60_000)
  const close = second.fake.calls.find(({ $case }) => $case === 'close')?.value
  expect(close).toMatchObject({ cursor: { inFlight: [{ position: 1 }] } })
})

/** Its connection is left; with what its home is told. */
async function leftBy(c: ReturnType<typeof caller>): Promise<{ cursor: home.SessionOpened['cursor'] }> {
  await c.clock.pass(60_000)
  const close = c.fake.calls.find(({ $case }) => $case === 'close')?.value as home.CloseConnection
  return { cursor: close.cursor }
}

test('what the proxy that has the connection answers is the answer, also for a group; nobody takes the session over', async () => {
  const first = caller({ group: 'g' })
  await first.pull()
  first.queue.append('a')
  const pulling = first.begin({ maxMessages: 1, wait: seconds(20) })
  await first.clock.pass(100)
  await first.clock.pass(100)
  first.queue.groups.leased(0, '$share/g/t', first.queue.messages)
  await first.clock.pass(1_000)
  const [ackId = ''] = idsOf((await pulling).deliveries)
  const second = caller({ group: 'g' }, onOneQueue(), (request) => first.pulls.acknowledgeHere(request))
  const strange = '1.1.9.0-77'
  expect((await second.acknowledge([ackId, strange])).errors).toMatchObject([{ ackId: strange }])
  expect(first.queue.settled).toEqual([0])
  expect(second.fake.calls).toEqual([])
})

test('a client that is connected by a stream is not acknowledged for', async () => {
  const c = caller()
  c.connections.name('s', {} as never)
  expect((await c.acknowledge(['1.1.1.0-0'])).errors).toHaveLength(1)
  expect(c.fake.calls).toEqual([])
})

test('an acknowledgement for a session that is none leaves none behind', async () => {
  const c = caller()
  expect((await c.acknowledge(['1.1.1.0-0'])).errors).toHaveLength(1)
  expect(c.fake.calls.find(({ $case }) => $case === 'close')?.value).toMatchObject({ expirySeconds: 0 })
  expect(c.connections.size).toBe(0)
})
