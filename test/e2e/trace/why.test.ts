import { connectEmbeddedLog } from '@tern/log'
import { messaging, traces } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../../support/region.ts'
import { startTrace, type TraceProcess } from './trace-process.ts'

let region: Region
let trace: TraceProcess
let publisher: MqttClient
let tracing: ReturnType<typeof connectApi<typeof traces.TraceServiceService>>
let messages: ReturnType<typeof connectApi<typeof messaging.MessagingServiceService>>
const clients: MqttClient[] = []
beforeAll(async () => {
  region = await startRegion()
  trace = await startTrace(region)
  publisher = await connect('why-publisher', {}, 0)
  const { api = '' } = region.plan.zones[2] ?? {}
  tracing = connectApi(api, traces.TraceServiceService)
  messages = connectApi(api, messaging.MessagingServiceService)
})
afterAll(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
  tracing?.close()
  messages?.close()
  await trace?.kill()
  await region?.stop()
})

async function connect(clientId: string, options: IClientOptions = {}, zone = 1): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://${region.addresses[zone]}`, { clientId, protocolVersion: 5, ...options })
  clients.push(client)
  return client
}

const lasting: IClientOptions = { clean: false, properties: { sessionExpiryInterval: 600 } }
/** It reads, and acknowledges nothing. */
const silent = (client: MqttClient) => {
  client.handleMessage = () => {}
}

/** Publishes one message to the topic and gives its id. */
async function publish(topic: string, options: Parameters<MqttClient['publishAsync']>[2] = {}, payload = 'x') {
  await publisher.publishAsync(topic, payload, { qos: 1, ...options })
  return idOf(topic)
}

async function idOf(topic: string): Promise<string> {
  const request = messaging.QueryMessagesRequest.create({ topicFilter: topic, newestFirst: true, pageSize: 1 })
  const { messages: found } = await messages.queryMessages(request)
  return found[0]!.messageId
}

/** Asks until the answer is the expected one: entries of the ledger come a little after what they tell of. */
async function expectAnswer(messageId: string, clientId: string, answer: keyof typeof traces.WhyAnswer) {
  const names = Object.keys(traces.WhyAnswer)
  const ask = async () => names[(await tracing.why({ messageId, clientId })).answer]
  await expect.poll(ask, { timeout: 10_000 }).toBe(answer)
  return tracing.why({ messageId, clientId })
}

test('delivered, and acknowledged when', async () => {
  const client = await connect('why-delivered')
  await client.subscribeAsync('why/delivered', { qos: 1 })
  const { text, deliveries, topicFilter } = await expectAnswer(
    await publish('why/delivered'),
    'why-delivered',
    'DELIVERED',
  )
  expect(text).toMatch(/acknowledged at 20/)
  expect(topicFilter).toBe('why/delivered')
  expect(deliveries.map(({ name }) => name)).toEqual(['deliver', 'ack'])
})

test('written and not acknowledged; and what comes after it, when no more is taken at once', async () => {
  const client = await connect('why-silent', { properties: { receiveMaximum: 1 } })
  silent(client)
  await client.subscribeAsync('why/silent/+', { qos: 1 })
  await expectAnswer(await publish('why/silent/1'), 'why-silent', 'AWAITING_ACK')
  const { text } = await expectAnswer(await publish('why/silent/2'), 'why-silent', 'WINDOW_FULL')
  expect(text).toContain('this one waits')
})

test('not matching names the filters; subscribed later; published by itself with no-local', async () => {
  const client = await connect('why-filters')
  const before = await publish('why/later')
  await client.subscribeAsync('why/other/#', { qos: 1 })
  const { text } = await expectAnswer(before, 'why-filters', 'NOT_MATCHING')
  expect(text).toContain('"why/other/#"')
  await client.subscribeAsync('why/later', { qos: 1 })
  await expectAnswer(before, 'why-filters', 'SUBSCRIBED_LATER')
  await client.subscribeAsync('why/own', { qos: 1, nl: true })
  await client.publishAsync('why/own', 'x', { qos: 1 })
  await expectAnswer(await idOf('why/own'), 'why-filters', 'FILTERED')
})

test('offline since; expired; and retention passed it', async () => {
  const client = await connect('why-offline', lasting)
  await client.subscribeAsync('why/offline/+', { qos: 1 })
  await client.endAsync()
  const waiting = await publish('why/offline/1')
  const { text, time } = await expectAnswer(waiting, 'why-offline', 'OFFLINE')
  expect(text).toContain('is offline since')
  expect(time).toBeDefined()
  await expectAnswer(
    await publish('why/offline/2', { properties: { messageExpiryInterval: 1 } }),
    'why-offline',
    'EXPIRED',
  )
  const [queue, position] = waiting.split('-').map(Number)
  const log = connectEmbeddedLog(region.plan.log ?? '')
  await log.trim('tern.messages', queue!, position! + 1)
  await log.close()
  await expectAnswer(waiting, 'why-offline', 'RETENTION_PASSED')
})

test('another member of the group got it', async () => {
  const [one, two] = await Promise.all([connect('why-member-1'), connect('why-member-2', {}, 2)])
  const got = new Promise<string>((resolve) => {
    for (const client of [one, two]) client.once('message', () => resolve(client.options.clientId ?? ''))
  })
  for (const client of [one, two]) await client.subscribeAsync('$share/g/why/shared', { qos: 1 })
  const id = await publish('why/shared')
  const winner = await got
  const loser = winner === 'why-member-1' ? 'why-member-2' : 'why-member-1'
  await expectAnswer(id, winner, 'DELIVERED')
  const { text } = await expectAnswer(id, loser, 'OTHER_MEMBER')
  expect(text).toContain(winner)
})

test('dropped, since it is larger than the client takes; the session ended before the acknowledgement; no such client', async () => {
  const small = await connect('why-small', { properties: { maximumPacketSize: 60 } })
  await small.subscribeAsync('why/large', { qos: 1 })
  const { text } = await expectAnswer(await publish('why/large', {}, 'x'.repeat(100)), 'why-small', 'DROPPED')
  expect(text).toContain('larger than the client takes')
  const clean = await connect('why-clean')
  silent(clean)
  await clean.subscribeAsync('why/clean', { qos: 1 })
  const id = await publish('why/clean')
  await expectAnswer(id, 'why-clean', 'AWAITING_ACK')
  await clean.endAsync(true)
  await expectAnswer(id, 'why-clean', 'SESSION_ENDED')
  await expectAnswer(id, 'why-nobody', 'UNKNOWN_CLIENT')
})

test('without a trace service what is over is not known, and what is now is', async () => {
  const id = await publish('why/offline/3')
  await trace.kill()
  await expectAnswer(id, 'why-offline', 'OFFLINE')
  const { hint } = await expectAnswer(id, 'why-nobody', 'UNKNOWN_CLIENT')
  expect(hint).toContain('No trace service answers')
})
