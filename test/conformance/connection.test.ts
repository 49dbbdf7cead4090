import mqttPacket from 'mqtt-packet'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'
import { RawClient } from './raw-client.ts'

let region: Region
let neighbour: RawClient
const opened: RawClient[] = []
const at = (zone: number): string => region.addresses[zone] ?? ''

beforeAll(async () => {
  region = await startRegion()
  neighbour = await RawClient.open(at(0), 'neighbour', { keepalive: 0 })
}, 60_000)
afterAll(() => region?.stop())
// Whatever a client did, its neighbour notices nothing.
afterEach(async () => {
  for (const client of opened.splice(0)) client.destroy()
  await neighbour.alive()
})

let names = 0
const name = (): string => `c${++names}`
function raw(version: 3 | 4 | 5 = 5, zone = 0): RawClient {
  const client = new RawClient(at(zone), version)
  opened.push(client)
  return client
}
async function open(
  fields: Parameters<typeof RawClient.open>[2] = {},
  clientId = name(),
  zone = 0,
): Promise<RawClient> {
  const client = await RawClient.open(at(zone), clientId, fields)
  opened.push(client)
  return client
}
const connectBytes = (fields: Record<string, unknown> = {}): Buffer =>
  mqttPacket.generate(
    { cmd: 'connect', clientId: name(), clean: true, protocolVersion: 5, protocolId: 'MQTT', ...fields } as never,
    {
      protocolVersion: 5,
    },
  )
const publish = (topic: string, fields: Record<string, unknown> = {}) =>
  ({ cmd: 'publish', topic, payload: 'x', qos: 0, retain: false, dup: false, ...fields }) as never

test('C1 F10: what is no CONNECT is closed without an answer [MQTT5-3.1.0-1]', async () => {
  for (const bytes of [
    [0xc0, 0],
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    [0x16, 3, 1, 2, 0],
    Buffer.from('SSH-2.0-x\r\n'),
  ]) {
    const client = raw()
    client.bytes(bytes)
    expect(await client.closed()).toBeUndefined()
    expect(client.received).toEqual([])
  }
})

test('C2: a second CONNECT is a protocol error, also in the same segment [MQTT5-3.1.0-2]', async () => {
  const client = raw()
  client.bytes(Buffer.concat([connectBytes(), connectBytes()]))
  expect(await client.closed()).toBe(0x82)
  expect(client.connack?.reasonCode).toBe(0)
})

test('C4: a protocol level that there is not is refused with 0x84, or with return code 1 before 5.0 [MQTT5-3.1.2-2]', async () => {
  const five = raw()
  const bytes = connectBytes()
  bytes[8] = 6
  five.bytes(bytes)
  await five.closed()
  expect(five.connack?.reasonCode).toBe(0x84)
  const three = raw(4)
  bytes[8] = 2
  three.bytes(bytes)
  await three.closed()
  expect(three.connack?.returnCode ?? three.connack?.reasonCode).toBeOneOf([1, 0x84])
})

test('C6: an empty client id without a clean session is refused with 2 before 5.0', async () => {
  const client = raw(4)
  client.bytes([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0, 0, 60, 0, 0])
  await client.closed()
  expect(client.connack?.returnCode).toBe(2)
})

test('an empty client id gets one that the server gives [MQTT5-3.1.3-6] [MQTT5-3.1.3-7] [MQTT5-3.2.2-16]', async () => {
  const client = await open({}, '')
  expect(client.connack?.properties?.assignedClientIdentifier).toMatch(/^auto-/)
})

test('CONNACK is the first packet, before answers to what came with CONNECT [MQTT5-3.2.0-1]', async () => {
  const client = raw()
  client.bytes(Buffer.concat([connectBytes(), Buffer.from([0xc0, 0])]))
  await client.next('pingresp')
  expect(client.received.map(({ cmd }) => cmd)).toEqual(['connack', 'pingresp'])
})

test('Clean Start 1 begins a new session, 0 goes on with the one there is [MQTT5-3.1.2-4] [MQTT5-3.1.2-5] [MQTT5-3.1.2-6] [MQTT5-3.2.2-2] [MQTT5-3.2.2-3]', async () => {
  const id = name()
  const lasting = { clean: false, properties: { sessionExpiryInterval: 60 } }
  const first = await open(lasting, id)
  expect(first.connack?.sessionPresent).toBe(false)
  first.send({ cmd: 'disconnect', reasonCode: 0 })
  await first.closed()
  const second = await open(lasting, id, 1)
  expect(second.connack?.sessionPresent).toBe(true)
  second.send({ cmd: 'disconnect', reasonCode: 0 })
  await second.closed()
  expect((await open({ ...lasting, clean: true }, id, 2)).connack?.sessionPresent).toBe(false)
})

test('S7: a newer connection with the same client id takes over, in whatever zone [MQTT5-3.1.4-3]', async () => {
  const id = name()
  const first = await open({}, id, 0)
  await open({}, id, 1)
  expect(await first.closed()).toBe(0x8e)
})

test('F6: packets that only servers send are protocol errors', async () => {
  for (const first of [0x20, 0x90, 0xb0, 0xd0]) {
    const client = await open()
    client.bytes([first, 0])
    expect(await client.closed()).toBeOneOf([0x81, 0x82])
  }
})

test('F9: a split at every byte gives the same answers as one piece', async () => {
  const client = raw()
  for (const byte of Buffer.concat([connectBytes(), Buffer.from([0xc0, 0])])) client.bytes([byte])
  await client.next('pingresp')
  expect(client.connack?.reasonCode).toBe(0)
})

test('T6: topics that no message can have are refused [MQTT5-3.3.2-2]', async () => {
  for (const topic of ['a/+', '#']) {
    const client = await open()
    client.bytes([0x30, 3 + topic.length, 0, topic.length, ...Buffer.from(topic), 0])
    expect(await client.closed()).toBeOneOf([0x90, 0x81])
  }
})

test('T7: an alias that was never set, or is above the maximum, ends the connection [MQTT5-3.3.2-9]', async () => {
  for (const topicAlias of [3, 5_000]) {
    const client = await open()
    client.bytes([0x30, 6, 0, 0, 3, 0x23, topicAlias >> 8, topicAlias & 0xff])
    expect(await client.closed()).toBe(0x94)
  }
})

test('an alias stands for its topic as long as the connection lasts [MQTT5-3.3.2-12]', async () => {
  const topic = name()
  const subscriber = await open()
  subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] })
  await subscriber.next('suback')
  const client = await open()
  client.send(publish(topic, { payload: 'one', properties: { topicAlias: 2 } }))
  client.send(publish('', { payload: 'two', properties: { topicAlias: 2 } }))
  await subscriber.next('publish', (packet) => packet.cmd === 'publish' && String(packet.payload) === 'two')
})

test('P2: more unanswered QoS 2 than Receive Maximum allows ends the connection with 0x93 [MQTT5-3.3.4-7]', async () => {
  const client = await open()
  const maximum = client.connack?.properties?.receiveMaximum ?? 0
  for (let messageId = 1; messageId <= maximum + 1; messageId++) client.send(publish('p2', { qos: 2, messageId }))
  expect(await client.closed()).toBe(0x93)
})

test('P3: one QoS 2 id is one message until PUBREL, also after a reconnect in another zone [MQTT5-4.3.3-10] [MQTT5-4.3.3-12]', async () => {
  const topic = name()
  const id = name()
  const subscriber = await open()
  subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 2 }] })
  await subscriber.next('suback')
  const lasting = { clean: false, properties: { sessionExpiryInterval: 60 } }
  const first = await open(lasting, id)
  first.send(publish(topic, { payload: 'once', qos: 2, messageId: 7 }))
  await first.next('pubrec')
  first.destroy()
  const second = await open(lasting, id, 1)
  second.send(publish(topic, { payload: 'once', qos: 2, messageId: 7, dup: true }))
  await second.next('pubrec')
  second.send({ cmd: 'pubrel', messageId: 7 })
  await second.next('pubcomp')
  second.send(publish(topic, { payload: 'again', qos: 2, messageId: 7 }))
  await subscriber.next('publish', (packet) => packet.cmd === 'publish' && String(packet.payload) === 'again')
  const texts = subscriber.received.flatMap((packet) => (packet.cmd === 'publish' ? [String(packet.payload)] : []))
  expect(texts).toEqual(['once', 'again'])
})

test('P3: an exchange that an earlier connection left open is released by PUBREL alone [MQTT5-4.3.3-11]', async () => {
  const id = name()
  const lasting = { clean: false, properties: { sessionExpiryInterval: 60 } }
  const first = await open(lasting, id)
  first.send(publish(name(), { qos: 2, messageId: 9 }))
  await first.next('pubrec')
  first.destroy()
  const second = await open(lasting, id, 2)
  second.send({ cmd: 'pubrel', messageId: 9 })
  expect((await second.next('pubcomp')).reasonCode ?? 0).toBe(0)
})

test('P4: acknowledgements of what was never sent are answered where there is a word for it', async () => {
  const client = await open()
  client.send({ cmd: 'puback', messageId: 5 })
  client.send({ cmd: 'pubrec', messageId: 5 })
  expect(await client.next('pubrel')).toMatchObject({ messageId: 5, reasonCode: 0x92 })
  client.send({ cmd: 'pubrel', messageId: 6 })
  expect(await client.next('pubcomp')).toMatchObject({ messageId: 6, reasonCode: 0x92 })
  await client.alive()
})

test('P7: a packet above Maximum Packet Size ends the connection with 0x95 [MQTT5-3.2.2-15]', async () => {
  const client = await open()
  client.bytes([0x30, 0xff, 0xff, 0xff, 0x7f])
  expect(await client.closed()).toBe(0x95)
})

test('P12: a payload that is not the UTF-8 it says it is is refused with 0x99', async () => {
  const client = await open()
  const properties = { payloadFormatIndicator: true }
  client.send(publish('p12', { payload: Buffer.from([0xff]), qos: 1, messageId: 1, properties }))
  expect(await client.next('puback')).toMatchObject({ messageId: 1, reasonCode: 0x99 })
})

test('S3: filters that are none are refused one by one, and the others granted [MQTT5-3.8.4-6] [MQTT5-3.9.3-1] [MQTT5-4.8.2-1] [MQTT5-4.8.2-2]', async () => {
  const client = await open()
  const filters = ['good', '$share//t', '$share/g', '$share/+/t', 'a/#/b', 'b+']
  client.send({ cmd: 'subscribe', messageId: 4, subscriptions: filters.map((topic) => ({ topic, qos: 1 })) })
  const { granted, messageId } = await client.next('suback')
  expect(messageId).toBe(4)
  expect(granted).toEqual([1, 0x8f, 0x8f, 0x8f, 0x8f, 0x8f])
})

test('UNSUBSCRIBE is answered for each filter [MQTT5-3.10.4-4] [MQTT5-3.10.4-6] [MQTT5-3.11.3-1]', async () => {
  const client = await open()
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 1 }] })
  await client.next('suback')
  client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['a', 'b'] })
  expect(await client.next('unsuback')).toMatchObject({ messageId: 2, granted: [0, 0x11] })
})

test('retained messages come to a new subscription, as retain handling says [MQTT5-3.3.1-5] [MQTT5-3.3.1-9] [MQTT5-3.3.1-10] [MQTT5-3.3.1-11]', async () => {
  const topic = name()
  const publisher = await open()
  publisher.send(publish(topic, { payload: 'kept', qos: 1, messageId: 1, retain: true }))
  await publisher.next('puback')
  const counts: number[] = []
  for (const rh of [0, 1, 2]) {
    const client = await open({}, name(), rh)
    const subscriptions = [{ topic, qos: 1, rh }] as never
    for (const messageId of [1, 2]) {
      client.send({ cmd: 'subscribe', messageId, subscriptions })
      await client.next('suback', (packet) => packet.messageId === messageId)
    }
    publisher.send(publish(topic, { payload: `end ${rh}`, qos: 1, messageId: 2 + rh }))
    await client.next('publish', (packet) => packet.cmd === 'publish' && String(packet.payload) === `end ${rh}`)
    counts.push(
      client.received.filter((packet) => packet.cmd === 'publish' && String(packet.payload) === 'kept').length,
    )
  }
  expect(counts).toEqual([2, 1, 0])
})

test('an empty retained message removes the one before [MQTT5-3.3.1-6] [MQTT5-3.3.1-7]', async () => {
  const topic = name()
  const publisher = await open()
  publisher.send(publish(topic, { payload: 'kept', qos: 1, messageId: 1, retain: true }))
  publisher.send(publish(topic, { payload: '', qos: 1, messageId: 2, retain: true }))
  await publisher.next('puback', (packet) => packet.messageId === 2)
  const client = await open({}, name(), 1)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] })
  await client.next('suback')
  publisher.send(publish(topic, { payload: 'live', qos: 1, messageId: 3 }))
  await client.next('publish')
  expect(client.received.flatMap((packet) => (packet.cmd === 'publish' ? [String(packet.payload)] : []))).toEqual([
    'live',
  ])
})

const willOf = (topic: string, properties = {}) => ({
  topic,
  payload: Buffer.from('will'),
  qos: 1 as const,
  retain: false,
  properties,
})

test('a will is published when its client is lost, also with DISCONNECT 0x04, and not after a normal one [MQTT5-3.1.2-8] [MQTT5-3.1.2-10] [MQTT5-3.14.4-3]', async () => {
  const topic = name()
  const watcher = await open()
  watcher.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `${topic}/+`, qos: 1 }] })
  await watcher.next('suback')
  const leaving = await open({ will: willOf(`${topic}/left`) }, name(), 1)
  leaving.send({ cmd: 'disconnect', reasonCode: 0 })
  await leaving.closed()
  const told = await open({ will: willOf(`${topic}/told`) }, name(), 2)
  told.send({ cmd: 'disconnect', reasonCode: 4 })
  const lost = await open({ will: willOf(`${topic}/lost`) }, name(), 1)
  lost.destroy()
  await watcher.next('publish', (packet) => packet.cmd === 'publish' && packet.topic === `${topic}/told`)
  await watcher.next('publish', (packet) => packet.cmd === 'publish' && packet.topic === `${topic}/lost`)
  expect(watcher.received.filter((packet) => packet.cmd === 'publish' && packet.topic === `${topic}/left`)).toEqual([])
})

test('a will with a delay is not published when its client comes back in time [MQTT5-3.1.3-9]', async () => {
  const topic = name()
  const id = name()
  const watcher = await open()
  watcher.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: `${topic}/#`, qos: 1 }] })
  await watcher.next('suback')
  const fields = { clean: false, properties: { sessionExpiryInterval: 60 } }
  const first = await open({ ...fields, will: willOf(`${topic}/late`, { willDelayInterval: 1 }) }, id)
  first.destroy()
  await open(fields, id, 1)
  const other = await open({ ...fields, will: willOf(`${topic}/other`, { willDelayInterval: 1 }) }, name(), 2)
  other.destroy()
  await watcher.next('publish', (packet) => packet.cmd === 'publish' && packet.topic === `${topic}/other`)
  expect(watcher.received.filter(({ cmd }) => cmd === 'publish')).toHaveLength(1)
})

test('S11: DISCONNECT may not make a session last that was not to', async () => {
  const client = await open()
  client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 60 } })
  expect(await client.closed()).toBe(0x82)
})

test('S12: authentication that nobody offered is refused [MQTT5-4.12.0-1]', async () => {
  const client = raw()
  client.connect(name(), { properties: { authenticationMethod: 'x' } })
  await client.closed()
  expect(client.connack?.reasonCode).toBe(0x8c)
  const auth = await open()
  auth.bytes([0xf0, 0])
  expect(await auth.closed()).toBe(0x82)
})

test('C11: a client that is silent for longer than 1.5 times its keep alive is closed [MQTT5-3.1.2-22]', async () => {
  const client = await open({ keepalive: 1 })
  const began = performance.now()
  expect(await client.closed()).toBe(0x8d)
  expect(performance.now() - began).toBeGreaterThan(1_400)
})

test('P5 F11: a client that never reads stops itself and nobody else', async () => {
  const topic = name()
  const deaf = await open()
  deaf.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] })
  await deaf.next('suback')
  deaf.stopReading()
  const good = await open({}, name(), 0)
  good.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] })
  await good.next('suback')
  const publisher = await open()
  const payload = Buffer.alloc(64 * 1024)
  for (let messageId = 1; messageId <= 200; messageId++) publisher.send(publish(topic, { qos: 1, messageId, payload }))
  await publisher.next('puback', (packet) => packet.messageId === 200)
  publisher.send(publish(topic, { qos: 1, messageId: 201, payload: 'end' }))
  await good.next('publish', (packet) => packet.cmd === 'publish' && String(packet.payload) === 'end')
})

test('message properties arrive as they were sent, and user properties in their order [MQTT5-3.3.2-4] [MQTT5-3.3.2-15] [MQTT5-3.3.2-16] [MQTT5-3.3.2-17] [MQTT5-3.3.2-18] [MQTT5-3.3.2-20]', async () => {
  const topic = name()
  const client = await open({}, name(), 2)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] })
  await client.next('suback')
  const properties = {
    payloadFormatIndicator: true,
    contentType: 'text/plain',
    responseTopic: 'answers/here',
    correlationData: Buffer.from([1, 2, 3]),
    userProperties: { b: '1', a: '2' },
  }
  const publisher = await open()
  publisher.send(publish(topic, { properties }))
  const packet = await client.next('publish')
  expect(packet.properties).toMatchObject(properties)
  expect(Object.keys(packet.properties?.userProperties ?? {})).toEqual(['b', 'a'])
})

test('version 3.1 clients are served, too', async () => {
  const topic = name()
  const client = await open({ protocolVersion: 3 })
  expect(client.connack?.returnCode).toBe(0)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] })
  expect((await client.next('suback')).granted).toEqual([1])
  client.send(publish(topic, { payload: 'three', qos: 1, messageId: 2 }))
  expect(String((await client.next('publish')).payload)).toBe('three')
})

test('F12: thousands of connections that say nothing keep nobody out', async () => {
  const silent = Array.from({ length: 2_000 }, () => raw())
  const client = await open()
  await client.alive()
  for (const each of silent) each.destroy()
})
