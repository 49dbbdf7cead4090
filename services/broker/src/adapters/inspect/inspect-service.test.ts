import { home, inspect, state } from '@tern/proto'
import { systemClock } from '@tern/runtime'
import { afterEach, expect, test } from 'vitest'
import { bodyOf, type FakeBroker, type FakeProxy, region } from '../link/link.fixture.ts'
import { Inspect } from './inspect-service.ts'

const running: Inspect[] = []
afterEach(() => {
  for (const each of running.splice(0)) each.stop()
})

/** A broker that owns both queues, and proxy 7. */
async function served(): Promise<{ owner: FakeBroker; proxy: FakeProxy; asked: Inspect }> {
  const { broker, log } = await region()
  const owner = broker(1)
  await owner.own([0, 1], 10)
  owner.homes.onPush((proxy, push) => owner.links.push(proxy, push))
  const { ownership, homes } = owner
  const asked = new Inspect({ broker: 1, ownership, homes, log, clock: systemClock, logSilentMs: () => 0 })
  running.push(asked)
  return { owner, proxy: owner.connect(7), asked }
}

let calls = 0
async function open(proxy: FakeProxy, clientId: string, queue: number, more: Partial<home.OpenSession> = {}) {
  const value = home.OpenSession.fromPartial({ expirySeconds: 60, ...more })
  const { opened } = await proxy.call(clientId, queue, { $case: 'open', value }, ++calls)
  return opened?.connection
}

async function subscribe(proxy: FakeProxy, clientId: string, queue: number, filters: readonly string[]) {
  const connection = await open(proxy, clientId, queue)
  const subscriptions = filters.map((filter) => state.Subscription.fromPartial({ filter, qos: 1 }))
  await proxy.call(clientId, queue, { $case: 'subscribe', value: { connection, subscriptions } }, ++calls)
  return connection
}

const list = (asked: Inspect, more: Partial<inspect.ListSessionsRequest> = {}) =>
  asked.listSessions(inspect.ListSessionsRequest.fromPartial({ limit: 100, ...more }))

test('sessions of all homes come in the order of client ids, page by page', async () => {
  const { proxy, asked } = await served()
  for (const [clientId, queue] of [
    ['d', 0],
    ['a', 1],
    ['c', 1],
    ['b', 0],
  ] as const)
    await open(proxy, clientId, queue)
  const first = list(asked, { limit: 3, count: true })
  expect(first.sessions.map(({ clientId, home: queue }) => [clientId, queue])).toEqual([
    ['a', 1],
    ['b', 0],
    ['c', 1],
  ])
  expect([first.nextAfter, first.count, first.homes]).toEqual(['c', 4, [0, 1]])
  const rest = list(asked, { after: first.nextAfter })
  expect([rest.sessions.map(({ clientId }) => clientId), rest.nextAfter]).toEqual([['d'], ''])
})

test('a wish leaves those that are connected, or are not', async () => {
  const { proxy, asked } = await served()
  const connection = await open(proxy, 'gone', 0)
  await open(proxy, 'here', 0)
  const value = home.CloseConnection.fromPartial({ connection })
  await proxy.call('gone', 0, { $case: 'close', value }, ++calls)
  const wished = (connected: boolean) => list(asked, { wish: { connected, proxies: [] }, count: true })
  expect(wished(true)).toMatchObject({ sessions: [{ clientId: 'here', proxy: 7 }], count: 1 })
  expect(wished(false)).toMatchObject({ sessions: [{ clientId: 'gone' }], count: 1 })
  expect(wished(false).sessions[0]?.disconnectedAtMs).toBeGreaterThan(0)
})

test('subscriptions are listed by client and filter, and found for a topic', async () => {
  const { proxy, asked } = await served()
  await subscribe(proxy, 'b', 0, ['x/#', 'a/+'])
  await subscribe(proxy, 'a', 1, ['$share/g/a/+'])
  const request = inspect.ListSubscriptionsRequest.fromPartial({ limit: 2 })
  const first = asked.listSubscriptions(request)
  const named = ({ subscriptions }: inspect.ListSubscriptionsResponse) =>
    subscriptions.map(({ clientId, subscription }) => `${clientId} ${subscription?.filter}`)
  expect(named(first)).toEqual(['a $share/g/a/+', 'b a/+'])
  const { nextAfterClientId: afterClientId, nextAfterFilter: afterFilter } = first
  const rest = asked.listSubscriptions({ ...request, afterClientId, afterFilter })
  expect([named(rest), rest.more]).toEqual([['b x/#'], false])
  expect(named(asked.listSubscriptions({ ...request, filterPrefix: 'a/' }))).toEqual(['a $share/g/a/+', 'b a/+'])
  expect(named(asked.listSubscriptions({ ...request, group: 'g' }))).toEqual(['a $share/g/a/+'])
  const match = await asked.matchTopic({ topic: 'a/1', limit: 1 })
  expect(match).toMatchObject({ total: 2, subscriptions: [{ clientId: 'a', connected: true }] })
})

test('who is disconnected is so by its proxy; a deleted session is gone for the next home, too', async () => {
  const { owner, proxy, asked } = await served()
  const connection = await open(proxy, 'c', 0)
  expect(asked.disconnect({ clientIds: ['c', 'nobody'], reasonCode: 0x98, reason: 'x' }).told).toEqual(['c'])
  const push = await proxy.find('homePushes', ({ clientId }) => clientId === 'c')
  expect(push.push).toEqual({ $case: 'disconnected', value: { connection, reasonCode: 0x98, reason: 'x' } })
  expect(await asked.deleteSession({ clientId: 'c' })).toEqual({ notOwner: false, deleted: true })
  expect(await asked.deleteSession({ clientId: 'c' })).toEqual({ notOwner: false, deleted: false })
  await owner.own([0, 1], 20)
  await owner.ownership.when(0)
  expect(list(asked).sessions).toEqual([])
})

const reset = (asked: Inspect, to: inspect.ResetGroupRequest['to'], validateOnly = false) =>
  asked.resetGroup({ sharedFilter: '$share/g/a', queue: 0, to, validateOnly })

/** Ten records, of which the proxy has settled all but the last two, which it holds. */
async function shared() {
  const all = await served()
  const { proxy } = all
  proxy.send({ groupJoins: [{ id: 1, queue: 0, group: '$share/g/a', credit: 10, held: [] }] })
  await proxy.find('groupJoinAnswers', () => true)
  const bodies = Array.from({ length: 10 }, (_, at) => bodyOf('a', `${at}`, { producer: 7, sequence: at + 1 }))
  await proxy.append(0, 1, bodies)
  await expect.poll(() => leased(proxy)).toBe(10)
  proxy.send({
    groupSettles: [{ queue: 0, group: '$share/g/a', settled: [0, 1, 2, 3, 4, 5, 6, 7], returned: [], unused: [] }],
  })
  const groups = async () => (await all.asked.listGroups(inspect.ListGroupsRequest.fromPartial({}))).groups
  await expect.poll(async () => (await groups())[0]?.unsettled).toBe(2)
  return { ...all, groups }
}
const leased = (proxy: FakeProxy) =>
  proxy.received.flatMap(({ groupDeliveries }) => groupDeliveries).reduce((sum, { count }) => sum + count, 0)

test('a group tells where it is, what is out, and with whom', async () => {
  const { groups } = await shared()
  const [part] = await groups()
  expect(part).toMatchObject({
    ...{ sharedFilter: '$share/g/a', queue: 0, position: 8, end: 10, unsettled: 2, taken: 0 },
    holders: [{ proxy: 7, credit: 10, held: 2 }],
  })
  expect(part?.oldestMs).toBeGreaterThan(0)
})

test('a group that is moved back gets its records again, also from the next owner', async () => {
  const { owner, proxy, asked, groups } = await shared()
  expect(await reset(asked, { $case: 'position', value: 4 }, true)).toMatchObject({ found: true, position: 4 })
  expect(leased(proxy)).toBe(10)
  expect(await reset(asked, { $case: 'position', value: 4 })).toMatchObject({
    ...{ notOwner: false, found: true, taken: 0, position: 4, repeatedMessages: 4, skippedMessages: 0 },
  })
  await expect.poll(() => leased(proxy)).toBe(16)
  await owner.own([0, 1], 20)
  await owner.ownership.when(0)
  expect((await groups())[0]).toMatchObject({ position: 4, end: 10 })
})

test('a group that is moved to the end passes over what is not settled', async () => {
  const { asked, groups } = await shared()
  expect(await reset(asked, { $case: 'latest', value: true })).toMatchObject({ position: 10, skippedMessages: 2 })
  expect((await groups())[0]).toMatchObject({ position: 10, end: 10, unsettled: 0, oldestMs: 0 })
  expect(await reset(asked, { $case: 'timeMs', value: 0 })).toMatchObject({ position: 0, repeatedMessages: 10 })
})

test('a group is not moved while a session has a record of it for good', async () => {
  const { proxy, asked } = await shared()
  const number = { epoch: 10, counter: 99 }
  const taker = { clientId: 'c', session: number, connection: number, clean: false }
  proxy.send({ groupTakes: [{ id: 5, queue: 0, group: '$share/g/a', position: 9, taker }] })
  await proxy.find('groupTakeAnswers', () => true)
  expect(await reset(asked, { $case: 'position', value: 4 })).toMatchObject({ found: true, taken: 1 })
  proxy.send({ groupDones: [{ id: 6, queue: 0, group: '$share/g/a', position: 9, clientId: 'c', session: number }] })
  await proxy.find('groupDoneAnswers', () => true)
  expect(await reset(asked, { $case: 'position', value: 9 })).toMatchObject({ taken: 0, repeatedMessages: 1 })
})

test('queues tell their ends, and how many stand in them', async () => {
  const { asked } = await shared()
  const { queues } = await asked.listQueues()
  expect(queues[0]).toMatchObject({ queue: 0, epoch: 10, serving: true, start: 0, end: 10, groups: 1 })
  expect(queues[0]?.bytes).toBeGreaterThan(0)
  expect(queues[1]).toMatchObject({ end: 0, bytes: 0, oldestMs: 0 })
  expect(asked.getStats()).toMatchObject({ broker: 1, serving: [0, 1], sessions: 0 })
})
