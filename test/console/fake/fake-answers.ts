import { clientAt, listClients, numberOfClient } from './fake-clients.ts'
import { filterOf } from './fake-filter.ts'
import { messageAt, newest, numberOfTrace, oldest, traceIdOf, traceOf } from './fake-messages.ts'
import { type FakeRegion, queueCount, zoneNames } from './fake-region.ts'

/** How a call is answered instead of well: 'slow' not at all. */
export type Mode = 'error' | 'denied' | 'partial' | 'empty' | 'slow'

// biome-ignore lint/suspicious/noExplicitAny: JSON as it comes.
type Json = any

const ago = (ms: number) => new Date(Date.now() - ms).toISOString()
const unreachable = (mode: Mode | undefined) => (mode === 'partial' ? ['broker-b'] : [])

/** What a call is answered with; undefined: there is none such. */
export function unaryAnswer(region: FakeRegion, name: string, asked: Json, mode?: Mode): Json {
  const answer = answers[name]
  return answer === undefined ? undefined : answer(region, asked, mode === 'empty' || region.idle ? 'empty' : mode)
}

const answers: Readonly<Record<string, (region: FakeRegion, asked: Json, mode: Mode | undefined) => Json>> = {
  'ClusterService/GetServerInfo': () => ({
    ...{ version: '0.1.0', proxy: 'proxy-a', zone: 'az-a', queues: queueCount, log: 'embedded', retention: '604800s' },
    ...{ payloadBytesMax: 1_048_576, pageSizeMax: 1_000, mode: 'development' },
  }),
  'ClusterService/GetTopology': (region) => ({ topology: region.topology() }),
  'ClusterService/ListEvents': ({ events }, { filter = '', pageSize = 50, pageToken = '' }, mode) => {
    if (mode === 'empty') return { events: [] }
    const kind = /kind = "([\w-]+)"/.exec(filter)?.[1]
    const zone = /zone = "([\w-]+)"/.exec(filter)?.[1]
    const all = events
      .filter((event) => (!kind || event['kind'] === kind) && (!zone || event['zone'] === zone))
      .toReversed()
    const from = Number(pageToken || 0)
    const nextPageToken = from + pageSize < all.length ? `${from + pageSize}` : ''
    return { events: all.slice(from, from + pageSize), nextPageToken }
  },
  'ClusterService/Drain': (region, { zone, draining, validateOnly }) => {
    const brokers = [`broker-${String(zone).slice(-1)}`]
    if (validateOnly) return { brokers, queues: region.owners.filter((owner) => owner === zone).length }
    return { brokers, queues: region.drain(zone, draining) }
  },
  'ClientService/ListClients': ({ clients }, asked, mode) =>
    mode === 'empty' ? { clients: [] } : { ...listClients(clients, asked), unreachable: unreachable(mode) },
  'ClientService/GetClient': (_, { clientId }) => {
    const n = numberOfClient(clientId)
    if (Number.isNaN(n)) return undefined
    const subscriptions = [
      {
        topicFilter: `fleet/car/${n}/cmd`,
        qos: 'QUALITY_OF_SERVICE_EXACTLY_ONCE',
        noLocal: true,
        retainHandling: 0,
        identifier: 1,
      },
      { topicFilter: '$share/billing/orders/#', qos: 'QUALITY_OF_SERVICE_AT_LEAST_ONCE', retainAsPublished: true },
    ]
    return { client: clientAt(n), subscriptions }
  },
  'ClientService/ListInflight': () => ({
    inflight: [1, 2].map((n) => ({
      packetId: n,
      messageId: messageAt(newest() - n * 100).messageId,
      qos: 'QUALITY_OF_SERVICE_AT_LEAST_ONCE',
      state: 'awaiting PUBACK',
      writtenAt: ago(900 * n),
      attempts: n,
    })),
  }),
  'ClientService/ListQueued': (_, { pageSize = 20 }) => ({
    messages: Array.from({ length: pageSize }, (_, i) => messageAt(newest() - i * 7)),
    nextPageToken: 'more',
  }),
  'ClientService/ListClientEvents': (_, { clientId }) => ({
    events: [
      {
        time: ago(60_000),
        clientId,
        kind: 'connected',
        reason: 'session resumed',
        reasonCode: 0,
        proxy: 'proxy-a',
        zone: 'az-a',
        address: '10.0.4.17:40123',
      },
      {
        time: ago(64_000),
        clientId,
        kind: 'disconnected',
        reason: 'keep alive expired',
        reasonCode: 0x8d,
        proxy: 'proxy-c',
        zone: 'az-c',
        address: '10.0.4.17:40111',
      },
      {
        time: ago(3_600_000),
        clientId,
        kind: 'subscription refused',
        reason: 'not authorized for secret/#',
        reasonCode: 0x87,
        proxy: 'proxy-c',
        zone: 'az-c',
      },
    ],
  }),
  'ClientService/DisconnectClients': (_, { clientIds = [], filter = '' }) => ({
    disconnected: filter === '' ? clientIds.length : 1_204,
  }),
  'ClientService/DeleteSession': () => ({}),
  'TopicService/ListTopicChildren': (_, { path = '' }, mode) =>
    mode === 'empty' ? { children: [] } : topicChildren(path, mode),
  'TopicService/SearchTopics': (_, { text }) => ({
    topics: Array.from({ length: 8 }, (_, i) => node(`fleet/car/${i * 3}`, String(text), 0, 2 + i, true)),
    more: true,
  }),
  'TopicService/GetTopic': (_, { topic }) => {
    const retained = { ...messageAt(newest() - 500), topic, retain: true }
    const lastMessage = { ...messageAt(newest() - 3), topic }
    const [owner, zone] = ['broker-c', 'az-c']
    return { topic: node(topic, '', 0, 4.2, true), queue: 7, owner, zone, lastMessage, retained, subscriptions: '12' }
  },
  'RetainedService/ListRetained': (_, { pageSize = 50, pageToken = '' }, mode) => {
    if (mode === 'empty') return { messages: [] }
    const from = Number(pageToken || 0)
    const messages = Array.from({ length: pageSize }, (_, i) => ({
      ...messageAt(newest() - (from + i) * 50, 200),
      topic: `fleet/car/${from + i}/state`,
      retain: true,
    }))
    return {
      messages,
      nextPageToken: from < 2_000 ? `${from + pageSize}` : '',
      unreachableQueues: mode === 'partial' ? [3, 7] : [],
    }
  },
  'RetainedService/SetRetained': () => ({ receipt: { messageId: '3-99' } }),
  'RetainedService/DeleteRetained': (_, { validateOnly }) => ({ deleted: validateOnly ? 42 : 1, more: false }),
  'SubscriptionService/ListSubscriptions': (_, { pageSize = 50, pageToken = '' }, mode) => {
    if (mode === 'empty') return { subscriptions: [] }
    const from = Number(pageToken || 0)
    return {
      subscriptions: Array.from({ length: pageSize }, (_, i) => subscription(from + i)),
      nextPageToken: from < 100_000 ? `${from + pageSize}` : '',
      unreachable: unreachable(mode),
    }
  },
  'SubscriptionService/MatchTopic': () => ({ subscriptions: [0, 1, 2, 3].map(subscription), totalSize: '9998' }),
  'SubscriptionService/ListGroups': (_, __, mode) =>
    mode === 'empty' ? { groups: [] } : { groups: groups(), unreachable: unreachable(mode) },
  'SubscriptionService/GetGroup': (_, { sharedFilter }) => {
    const group = groups().find((each) => each.sharedFilter === sharedFilter)
    return group && { group }
  },
  'SubscriptionService/ResetGroupPosition': () => ({ repeatedMessages: '12400', skippedMessages: '0' }),
  'MessagingService/QueryMessages': (_, asked, mode) =>
    mode === 'empty' ? { messages: [], scannedMessages: '36000', rangeMessages: '36000' } : queryMessages(asked, mode),
  'MessagingService/GetMessage': (_, { messageId }) => {
    const n = Number(String(messageId).split('-')[1])
    return Number.isNaN(n) || n > newest() ? undefined : { message: messageAt(n) }
  },
  'MessagingService/Publish': () => ({
    results: [{ receipt: { messageId: messageAt(newest()).messageId, traceId: traceIdOf(newest()) } }],
  }),
  'MessagingService/ResendMessages': (_, { messageIds = [], topic, validateOnly }) => {
    const messages = messageIds.map((id: string) => ({
      ...messageAt(Number(id.split('-')[1])),
      ...(topic ? { topic } : {}),
    }))
    return validateOnly
      ? { messages }
      : { results: messageIds.map(() => ({ receipt: { messageId: messageAt(newest()).messageId } })) }
  },
  'TraceService/GetMessageTrace': (_, { messageId }) => {
    const n = Number(String(messageId).split('-')[1])
    return Number.isNaN(n) ? undefined : { trace: traceOf(n), message: messageAt(n) }
  },
  'TraceService/GetTrace': (_, { traceId }) => ({ trace: traceOf(numberOfTrace(traceId)) }),
  'TraceService/SearchTraces': (_, { limit = 20 }, mode) => ({
    traces: mode === 'empty' ? [] : Array.from({ length: limit }, (_, i) => traceSummary(newest() - 7 - i * 11)),
    inspected: '36000',
  }),
  'TraceService/Why': (_, { messageId, clientId }) => ({
    answer: 'WHY_ANSWER_AWAITING_ACK',
    text: `${messageId} was written to ${clientId} 12 s ago by proxy-b and is not acknowledged; 3 messages before it are not either.`,
    hint: 'the client is connected: look at what its handler does',
    time: ago(12_000),
    topicFilter: 'fleet/car/+/cmd',
  }),
  'RouteService/ListRoutes': (region, { topic }, mode) => ({
    queues: region.owners
      .map((zone, queue) => queueStatus(region, zone, queue))
      .filter((_, queue) => !topic || queue === 7),
    revision: `${region.revision}`,
    unreachable: unreachable(mode),
  }),
}

function node(path: string, name: string, children: number, rate: number, isTopic = false): Json {
  return {
    ...{
      name: name || (path.split('/').at(-1) ?? ''),
      path,
      isTopic,
      children: `${children}`,
      messages: `${Math.round(rate * 3_600)}`,
    },
    ...{
      bytes: `${Math.round(rate * 3_600 * 90)}`,
      messagesPerSecond: rate,
      bytesPerSecond: rate * 90,
      lastPublish: ago(800),
      retained: isTopic,
    },
  }
}

function topicChildren(path: string, mode: Mode | undefined): Json {
  const depth = path === '' ? 0 : path.split('/').length
  const under = (name: string) => (path === '' ? name : `${path}/${name}`)
  const levels: Json[][] = [
    [node('fleet', '', 2, 38.1), node('orders', '', 1, 2.3), node('$dead', '', 1, 0.01)],
    [node(under('car'), '', 400, 36), node(under('depot'), '', 12, 2.1)],
    Array.from({ length: 100 }, (_, i) => node(under(`${i}`), '', 4, 0.5 / (1 + i / 9))),
    ['gps', 'battery', 'cmd', 'alarm'].map((name, i) => node(under(name), '', 0, 0.2 / (i + 1), true)),
  ]
  const children = levels[Math.min(depth, 3)] ?? []
  const total = depth === 2 ? 1_024_118 : children.length
  return {
    children,
    totalSize: `${total}`,
    approximate: depth === 2,
    unreachableQueues: mode === 'partial' ? [3] : [],
    countedSince: ago(3_600_000),
  }
}

const subscription = (n: number): Json => ({
  ...{
    clientId: `car-${String(n).padStart(6, '0')}`,
    topicFilter: n % 4 === 3 ? 'orders/#' : `fleet/car/${n}/cmd`,
    group: n % 4 === 3 ? 'billing' : '',
  },
  ...{
    qos: 'QUALITY_OF_SERVICE_AT_LEAST_ONCE',
    noLocal: n % 3 === 0,
    retainHandling: 0,
    identifier: n % 7,
    connected: n % 8 === 0,
  },
})

function groups(): Json[] {
  const growing = Math.round((Date.now() / 250) % 4_000)
  return [
    ['billing', 'orders/#', 12_000 + growing, 41],
    ['audit', 'fleet/#', 120, 2],
    ['alerts', 'fleet/+/+/alarm', 0, 0],
    ['replay-lab', '#', 2_400_000, 86_400],
  ].map(([name, topicFilter, backlog, age], i) => ({
    ...{
      sharedFilter: `$share/${name}/${topicFilter}`,
      name,
      topicFilter,
      backlogMessages: `${backlog}`,
      backlogAge: `${age}s`,
      unsettled: i === 2 ? 0 : 31 + i,
    },
    members:
      i === 3
        ? []
        : zoneNames.map((zone, k) => ({
            clientId: `${name}-${k + 1}`,
            proxy: `proxy-${zone.slice(-1)}`,
            zone,
            unsettled: 10 + k,
            delivered: `${90_000 + k * 1_200}`,
          })),
    queues: Array.from({ length: queueCount }, (_, queue) => ({
      queue,
      position: `${40_000 + queue}`,
      end: `${40_000 + queue + Math.round(Number(backlog) / queueCount)}`,
      unsettled: 3,
      owner: `broker-${'abc'[queue % 3]}`,
      zone: zoneNames[queue % 3],
    })),
    ...(i === 3 ? { emptySince: ago(7_200_000) } : {}),
  }))
}

function queryMessages(asked: Json, mode: Mode | undefined): Json {
  const {
    topicFilter = '',
    pageSize = 50,
    pageToken = '',
    newestFirst = false,
    publisherClientId = '',
    payloadPreviewBytes = 0,
  } = asked
  const wanted = filterOf(topicFilter)
  const messages = []
  let n = pageToken === '' ? (newestFirst ? newest() : oldest()) : Number(pageToken)
  const from = n
  const inside = () => n >= oldest() && n <= newest() && Math.abs(n - from) < 20_000
  for (; inside() && messages.length < pageSize; n += newestFirst ? -1 : 1) {
    const message = messageAt(n, payloadPreviewBytes)
    if (wanted(message.topic) && (publisherClientId === '' || message.publisherClientId === publisherClientId))
      messages.push(message)
  }
  const over = n < oldest() || n > newest()
  return {
    messages,
    nextPageToken: over ? '' : `${n}`,
    scannedTo: messageAt(n).publishTime,
    scannedMessages: `${Math.abs(n - from)}`,
    rangeMessages: '36000',
    unreachableQueues: mode === 'partial' ? [3, 7] : [],
  }
}

const traceSummary = (n: number): Json => {
  const { spans, startUnixNano, messageId } = traceOf(n)
  const message = messageAt(n)
  const durationNano = `${Math.round((4 + (n % 37) + (n % 13 === 0 ? 180 : 0)) * 1e6)}`
  const root = { rootService: 'proxy-a', rootName: spans[0]?.name ?? '' }
  return {
    traceId: traceIdOf(n),
    messageId,
    ...root,
    startUnixNano,
    durationNano,
    error: n % 13 === 0,
    topic: message.topic,
    publisherClientId: message.publisherClientId,
  }
}

const queueStatus = (region: FakeRegion, zone: string, queue: number): Json => ({
  route: {
    queue,
    broker: region.down.has(zone) ? '' : `broker-${zone.slice(-1)}`,
    zone,
    epoch: `${region.epochs[queue]}`,
  },
  ...{
    firstPosition: '120',
    endPosition: `${newest() + queue}`,
    bytes: `${48_000_000 + queue * 1_900_000}`,
    oldest: ago(604_800_000),
    newest: ago(40),
  },
  ...{
    appendsPerSecond: 3.1 + queue / 7,
    bytesPerSecond: 420 + queue * 12,
    sessions: 8_300 + queue,
    groups: queue % 4,
    retained: 1_200 + queue * 3,
    serving: !region.down.has(zone),
  },
})
