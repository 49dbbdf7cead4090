import { clients, cluster, message, routes, subscriptions } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../../support/region.ts'

/** Of each zone. */
const fleetMax = 334
const odd = 'odd <script>alert(1)</script> \u001b[31m\nid'

let region: Region
const fleet: MqttClient[] = []

beforeAll(async () => {
  region = await startRegion()
  const devices = Array.from({ length: 3 * fleetMax }, (_, i) => i)
  for (let from = 0; from < devices.length; from += 100) {
    fleet.push(...(await Promise.all(devices.slice(from, from + 100).map((i) => connect(`device-${i}`, i % 3)))))
  }
})
afterAll(async () => {
  for (const client of fleet) client.end(true)
  await region?.stop()
})

function connect(clientId: string, zone: number, more = {}): Promise<MqttClient> {
  const address = region.addresses[zone] ?? ''
  const properties = { sessionExpiryInterval: 600 }
  const options = { clientId, protocolVersion: 5, clean: false, reconnectPeriod: 0, properties, ...more } as const
  return connectAsync(`mqtt://${address}`, options)
}

const api = (zone = 0) => region.plan.zones[zone]?.api ?? ''
const clientsApi = (zone = 0) => connectApi(api(zone), clients.ClientServiceService)
const subscriptionsApi = () => connectApi(api(), subscriptions.SubscriptionServiceService)
const clusterApi = (zone = 0) => connectApi(api(zone), cluster.ClusterServiceService)
const list = (more: Partial<clients.ListClientsRequest> = {}, zone = 0) =>
  clientsApi(zone).listClients(clients.ListClientsRequest.fromPartial(more))
const next = async <Answer>(stream: AsyncIterator<Answer>): Promise<Answer> => (await stream.next()).value as Answer
const whyNot = async (call: Promise<unknown>) =>
  call.then(
    () => 'it was answered',
    (error: { code: string; reason: string }) => `${error.code} ${error.reason}`,
  )

test('clients of all zones are listed in order, page by page, each once, by whatever proxy', async () => {
  const found: string[] = []
  let token = ''
  for (let page = 0; page === 0 || token !== ''; page++) {
    const answer = await list({ pageSize: 100, pageToken: token, filter: 'client_id = "device-*"' }, page % 3)
    if (page === 0) expect(answer.totalSize).toBe(fleet.length)
    expect(answer.unreachable).toEqual([])
    found.push(...answer.clients.map(({ clientId }) => clientId))
    token = answer.nextPageToken
  }
  expect(found).toEqual(fleet.map((_, i) => `device-${i}`).sort())
})

test('filters leave what they say, and top lists are by number', async () => {
  const zone = await list({ filter: 'zone = "az-b" AND state = "connected"', pageSize: 1_000 })
  expect(zone.clients).toHaveLength(fleetMax)
  expect(new Set(zone.clients.map(({ proxy }) => proxy))).toEqual(new Set(['proxy-b']))
  for (let i = 0; i < 5; i++) await fleet[4]?.publishAsync('fleet/busy', 'x', { qos: 1 })
  const busy = await list({ orderBy: 'published desc', pageSize: 1 })
  expect(busy.clients).toMatchObject([{ clientId: 'device-4', published: 5, protocol: 'MQTT 5.0' }])
  const published = await list({ filter: 'published > 4' })
  expect(published.clients.map(({ clientId }) => clientId)).toEqual(['device-4'])
})

test('bad input is refused in words', async () => {
  expect(await whyNot(list({ pageSize: -1 }))).toBe('INVALID_ARGUMENT PAGE_SIZE_INVALID')
  expect(await whyNot(list({ pageSize: 1_000_000_000 }))).toBe('INVALID_ARGUMENT PAGE_SIZE_INVALID')
  expect(await whyNot(list({ pageToken: 'bm90IG91cnM' }))).toBe('INVALID_ARGUMENT PAGE_TOKEN_INVALID')
  const { nextPageToken } = await list({ pageSize: 1 })
  expect(await whyNot(list({ pageToken: nextPageToken, filter: 'zone = "az-a"' }))).toContain('PAGE_TOKEN_INVALID')
  expect(await whyNot(list({ filter: `client_id = "${'x'.repeat(65_536)}"` }))).toContain('FILTER_INVALID')
  expect(await whyNot(list({ filter: 'colour = "red"' }))).toContain('FILTER_INVALID')
  expect(await whyNot(list({ orderBy: 'colour' }))).toContain('FIELD_INVALID')
})

test('a client id is data, whatever stands in it', async () => {
  const client = await connect(odd, 0)
  await client.subscribeAsync('odd/#', { qos: 1 })
  const { client: shown, subscriptions: held } = await clientsApi().getClient({ clientId: odd })
  expect(shown).toMatchObject({ clientId: odd, zone: 'az-a', proxy: 'proxy-a', subscriptions: 1 })
  expect(held).toMatchObject([{ topicFilter: 'odd/#', qos: message.QualityOfService.AT_LEAST_ONCE }])
  await client.endAsync()
})

test('a client is disconnected by id and by filter, first on trial; its session goes on, until it is deleted', async () => {
  const client = await connect('kicked-1', 1)
  await client.subscribeAsync('kicked/#', { qos: 1 })
  const filter = 'client_id = "kicked-*"'
  const ask = (more: Partial<clients.DisconnectClientsRequest>) =>
    clientsApi().disconnectClients(clients.DisconnectClientsRequest.fromPartial(more))
  expect(await ask({ filter, validateOnly: true })).toEqual({ disconnected: 1, notConnected: [] })
  const packet = new Promise((resolve) => client.once('disconnect', resolve))
  expect(await ask({ clientIds: ['kicked-1', 'nobody'] })).toEqual({ disconnected: 1, notConnected: ['nobody'] })
  expect(await packet).toMatchObject({ reasonCode: 0x98 })
  const shown = async () => (await clientsApi().getClient({ clientId: 'kicked-1' })).client
  await expect.poll(shown).toMatchObject({ state: clients.ClientState.DISCONNECTED, lastReasonCode: 0x98 })
  const publisher = fleet[0] as MqttClient
  for (const text of ['one', 'two']) await publisher.publishAsync('kicked/x', text, { qos: 1 })
  const queued = await clientsApi().listQueued(clients.ListQueuedRequest.fromPartial({ clientId: 'kicked-1' }))
  expect(queued.messages.map(({ payload }) => Buffer.from(payload).toString())).toEqual(['one', 'two'])
  const reached = async () => (await shown())?.queued
  expect(await reached()).toBeGreaterThanOrEqual(2)
  const events = await clientsApi().listClientEvents(
    clients.ListClientEventsRequest.fromPartial({ clientId: 'kicked-1' }),
  )
  expect(events.events.map(({ kind }) => kind)).toEqual(['disconnected', 'connected'])
  await clientsApi().deleteSession({ clientId: 'kicked-1' })
  expect(await whyNot(shown())).toBe('NOT_FOUND CLIENT_NOT_FOUND')
})

test('who would get a message of a topic is told, sessions that end with their connection too', async () => {
  const clean = await connect('matching-clean', 2, { clean: true, properties: { sessionExpiryInterval: 0 } })
  const lasting = await connect('matching-lasting', 0)
  await clean.subscribeAsync('match/+/x')
  await lasting.subscribeAsync('match/#')
  const ask = subscriptions.MatchTopicRequest.fromPartial({ topic: 'match/1/x' })
  const { subscriptions: found, totalSize } = await subscriptionsApi().matchTopic(ask)
  expect(found.map(({ clientId, topicFilter }) => `${clientId} ${topicFilter}`)).toEqual([
    'matching-clean match/+/x',
    'matching-lasting match/#',
  ])
  expect(totalSize).toBe(2)
  const listed = subscriptions.ListSubscriptionsRequest.fromPartial({ filter: 'topic_filter = "match/*"' })
  expect((await subscriptionsApi().listSubscriptions(listed)).subscriptions).toHaveLength(2)
  for (const client of [clean, lasting]) await client.endAsync()
})

test('a group tells its lag and its members, and is moved back to a time', async () => {
  const sharedFilter = '$share/workers/jobs/#'
  const worker = await connect('worker', 1)
  const got: string[] = []
  worker.on('message', (_, payload) => got.push(payload.toString()))
  await worker.subscribeAsync(sharedFilter, { qos: 1 })
  const publisher = fleet[0] as MqttClient
  const began = Date.now()
  for (let i = 0; i < 10; i++) await publisher.publishAsync('jobs/one', `job ${i}`, { qos: 1 })
  await expect.poll(() => got.length).toBe(10)
  const group = async () => (await subscriptionsApi().getGroup({ sharedFilter })).group
  expect(await group()).toMatchObject({
    name: 'workers',
    topicFilter: 'jobs/#',
    members: [{ clientId: 'worker', zone: 'az-b' }],
  })
  const reset = (validateOnly: boolean) => {
    const time = { seconds: Math.floor(began / 1_000) - 1, nanos: 0 }
    const to = message.StartPosition.fromPartial({ at: { $case: 'time', value: time } })
    return subscriptionsApi().resetGroupPosition({ sharedFilter, to, validateOnly })
  }
  expect((await reset(true)).repeatedMessages).toBeGreaterThanOrEqual(10)
  expect(got).toHaveLength(10)
  await reset(false)
  await expect.poll(() => got.length).toBe(20)
  expect(got.slice(10)).toEqual(got.slice(0, 10))
  await worker.endAsync()
  await publisher.publishAsync('jobs/one', 'nobody is there', { qos: 1 })
  await expect.poll(async () => (await group())?.backlogMessages).toBeGreaterThan(0)
})

test('queues tell who serves them, and a broker is drained by its name', async () => {
  const listed = await connectApi(api(), routes.RouteServiceService).listRoutes({ topic: '' })
  expect(listed.queues).toHaveLength(12)
  expect(listed.queues.every(({ serving }) => serving)).toBe(true)
  const ask = (more: Partial<cluster.DrainRequest>) => clusterApi().drain(cluster.DrainRequest.fromPartial(more))
  const owned = listed.queues.filter(({ route }) => route?.broker === 'broker-c').length
  expect(await ask({ member: 'broker-c', draining: true, validateOnly: true })).toEqual({
    brokers: ['broker-c'],
    queues: owned,
  })
  expect(await whyNot(ask({ member: 'broker-x', draining: true }))).toBe('NOT_FOUND MEMBER_NOT_FOUND')
  await ask({ zone: 'az-c', draining: true })
  const left = async () =>
    (await clusterApi().getTopology({})).topology?.owners.filter((owner) => owner === 'broker-c').length
  await expect.poll(left, { timeout: 20_000 }).toBe(0)
  await ask({ zone: 'az-c', draining: false })
  await expect.poll(left, { timeout: 20_000 }).toBeGreaterThan(0)
})

test('groups, routes and events are watched: all at once, then what changes', async () => {
  const ending = new AbortController()
  const { signal } = ending
  const groups = subscriptionsApi().watchGroups({}, { signal })[Symbol.asyncIterator]()
  expect((await next(groups)).groups.map(({ name }) => name)).toContain('workers')
  const events = clusterApi(1).watchEvents({ afterId: 'ev-0' }, { signal })[Symbol.asyncIterator]()
  const told = (await next(events)).events.map(({ kind }) => kind)
  for (const kind of ['member-joined', 'queues-moved', 'drain-begun', 'drain-ended']) expect(told).toContain(kind)
  const moves = connectApi(api(), routes.RouteServiceService).watchRoutes({}, { signal })[Symbol.asyncIterator]()
  expect(await next(moves)).toMatchObject({ snapshot: true, routes: { length: 12 } })
  const worker = await connect('watched-worker', 0)
  await worker.subscribeAsync('$share/watched/jobs/#', { qos: 1 })
  expect((await next(groups)).groups.map(({ name }) => name)).toContain('watched')
  await worker.endAsync()
  ending.abort()
})

test('a zone that dies is seen, with what its loss cost once its queues are served again', async () => {
  const ending = new AbortController()
  const watched: cluster.Topology[] = []
  const watch = clusterApi().watchTopology({}, { signal: ending.signal })
  const watching = (async () => {
    for await (const { topology } of watch) if (topology) watched.push(topology)
  })().catch(() => {})
  await expect.poll(() => watched.length).toBeGreaterThan(0)
  expect(watched[0]?.zones.map(({ name }) => name)).toEqual(['az-a', 'az-b', 'az-c'])
  expect(watched[0]?.headline?.clients).toBeGreaterThan(fleetMax)
  await region.killZone('az-b')
  const stateOf = (name: string) =>
    watched
      .at(-1)
      ?.zones.flatMap(({ members }) => members)
      .find((each) => each.name === name)?.state
  await expect.poll(() => stateOf('broker-b')).toBe(cluster.MemberState.DEAD)
  await expect.poll(() => stateOf('nameserver-b')).toBe(cluster.MemberState.DEAD)
  const recovered = async () => {
    const asked = cluster.ListEventsRequest.fromPartial({ filter: 'kind = "recovered" AND zone = "az-b"' })
    return (await clusterApi().listEvents(asked)).events[0]
  }
  await expect.poll(recovered, { timeout: 10_000 }).toMatchObject({ zone: 'az-b', failover: { clients: fleetMax } })
  const { failover } = (await recovered()) as cluster.ClusterEvent
  expect(failover?.queues).toBeGreaterThan(0)
  for (const took of [failover?.detection, failover?.recovery]) expect(took).toBeDefined()
  ending.abort()
  await watching
  await region.restartZone('az-b')
})
