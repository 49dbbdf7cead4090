import { expect, test } from 'vitest'
import { frame, text, varint } from '../support/mqtt-bytes.ts'
import { connectBytes, connectFrame, illFormed, lasting, publish } from './packets.ts'
import type { RawClient } from './raw-client.ts'
import { moment, name, useRegion } from './region-setup.ts'

const { raw, open } = useRegion()

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

test('S11: DISCONNECT may not make a session last that was not to', async () => {
  const client = await open()
  client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 60 } })
  expect(await client.closed()).toBe(0x82)
})

test('S12: authentication that nobody offered is refused [MQTT5-4.12.0-1] [MQTT5-4.12.0-7]', async () => {
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

test('C3: a protocol name that there is not is refused', async () => {
  for (const protocol of [text('MQTT\0'), text('mqtt'), text(''), text('M'.repeat(65_535)), text('AMQP')]) {
    const client = raw()
    client.bytes(connectFrame({ protocol }))
    await client.closed()
    expect(client.received.map((packet) => packet.cmd === 'connack' && packet.reasonCode)).toBeOneOf([[], [0x84]])
  }
  const old = raw(4)
  old.bytes(connectFrame({ protocol: text('MQIsdp'), level: 4 }))
  await old.closed()
  expect(old.connack?.returnCode ?? 1).toBe(1)
})

test('C4: levels from 0 to 255 that there are not are refused [MQTT5-3.2.2-7] [MQTT5-3.2.2-6]', async () => {
  for (const level of [0, 2, 6, 0x84, 255]) {
    const client = raw()
    client.bytes(connectFrame({ level }))
    await client.closed()
    expect(client.connack?.sessionPresent ?? false).toBe(false)
    expect(client.connack?.reasonCode ?? client.connack?.returnCode).toBeOneOf([1, 0x84])
  }
})

test('C5: flags of CONNECT that contradict each other are malformed [MQTT5-3.1.2-3] [MQTT5-3.1.2-11] [MQTT5-3.1.2-12] [MQTT5-3.1.2-13]', async () => {
  for (const flags of [0x03, 0x0a, 0x22, 0x12, 0x1e]) {
    const client = raw()
    client.bytes(connectFrame({ flags }))
    await client.closed()
    expect(client.connack?.reasonCode, `${flags}`).toBe(0x81)
  }
  const four = raw(4)
  four.bytes(connectFrame({ level: 4, flags: 0x42, payload: Buffer.concat([text('c'), text('secret')]) }))
  await four.closed()
  expect(four.connack?.returnCode).not.toBe(0)
})

test('C7 T8: any client id that is a string is a client id [MQTT5-3.1.3-2] [MQTT5-3.1.3-3] [MQTT5-3.1.3-5]', async () => {
  const brief = { clean: false, properties: { sessionExpiryInterval: 5 } }
  const ids = ['0123456789abcdefghijkLM', '../../etc/passwd', '%2e%2e', '#', '+/$SYS', '__proto__', 'constructor']
  ids.push('\u001b[31m', "'; drop table x --", '{jndi:ldap://x}', '🛰️', '\u202eabc', 'x'.repeat(65_535))
  for (const id of ids) {
    const first = await open(brief, id)
    expect(first.connack?.reasonCode, id.slice(0, 40)).toBe(0)
    expect(await first.subscribe('c7')).toBe(0)
    first.send({ cmd: 'disconnect', reasonCode: 0 })
    await first.closed()
    const second = await open(brief, id, 1)
    expect(second.connack?.sessionPresent, id.slice(0, 40)).toBe(true)
  }
})

test('T1 T2: strings of CONNECT that are not UTF-8, or hold U+0000, are malformed [MQTT5-1.5.4-1] [MQTT5-1.5.4-2] [MQTT5-3.1.3-4] [MQTT5-3.1.3-11] [MQTT5-3.1.3-12] [MQTT5-3.1.3-8]', async () => {
  for (const bytes of illFormed) {
    const bad = text(Buffer.from(bytes))
    const places = [
      connectFrame({ payload: bad }),
      connectFrame({ flags: 0x06, payload: Buffer.concat([text(name()), [Buffer.from([0]), bad, text('w')]].flat()) }),
      connectFrame({ flags: 0x82, payload: Buffer.concat([text(name()), bad]) }),
      connectFrame({ properties: [bad.length * 2 + 1, 0x26, ...bad, ...bad] }),
    ]
    for (const place of places) {
      const client = raw()
      client.bytes(place)
      await client.closed()
      expect(client.connack?.reasonCode, place.toString('hex')).toBe(0x81)
    }
  }
})

test('C9: the longest user name and password are taken, with zero bytes in the password', async () => {
  const client = raw()
  const secret = Buffer.alloc(60_000)
  client.bytes(
    connectFrame({ flags: 0xc2, payload: Buffer.concat([text(name()), text('u'.repeat(65_535)), text(secret)]) }),
  )
  expect((await client.next('connack')).reasonCode).toBe(0)
})

test('C12: properties of CONNECT that may not be there, or not twice [MQTT5-3.1.2-2]', async () => {
  const user = [0x26, 0, 1, 0x61, 0, 1, 0x62]
  const twice = await Promise.all(
    [
      [10, 0x11, 0, 0, 0, 1, 0x11, 0, 0, 0, 1],
      [6, 0x21, 0, 1, 0x21, 0, 1],
      [2, 0x7f, 0],
      [3, 0x23, 0, 1],
      [2, 0x19, 2],
    ].map(async (properties) => {
      const client = raw()
      client.bytes(connectFrame({ properties }))
      await client.closed()
      return client.connack?.reasonCode
    }),
  )
  for (const code of twice) expect(code).toBeOneOf([0x81, 0x82])
  const many = raw()
  const properties = [...varint(user.length * 10_000), ...Array.from({ length: 10_000 }, () => user).flat()]
  many.bytes(connectFrame({ properties }))
  expect((await many.next('connack')).reasonCode).toBeOneOf([0, 0x81, 0x95, 0x97])
})

test('C13: a maximum of zero is a protocol error', async () => {
  for (const properties of [
    [3, 0x21, 0, 0],
    [5, 0x27, 0, 0, 0, 0],
  ]) {
    const client = raw()
    client.bytes(connectFrame({ properties }))
    await client.closed()
    expect(client.connack?.reasonCode).toBe(0x82)
  }
})

test('C14: nothing larger than the client takes is sent to it, CONNACK included [MQTT5-3.1.2-24] [MQTT5-3.2.2-19] [MQTT5-3.2.2-20]', async () => {
  for (let maximumPacketSize = 1; maximumPacketSize <= 20; maximumPacketSize++) {
    const client = raw()
    client.connect(name(), { properties: { maximumPacketSize } })
    if (maximumPacketSize < 5) {
      await client.closed()
      expect(client.bytesRead).toBe(0)
      continue
    }
    const { reasonCode } = await client.next('connack')
    expect(reasonCode).toBe(0)
    expect(client.bytesRead).toBeLessThanOrEqual(maximumPacketSize)
    await client.alive()
  }
  const unnamed = raw()
  unnamed.connect('', { properties: { maximumPacketSize: 20 } })
  await unnamed.closed()
  expect(unnamed.connack?.reasonCode).toBe(0x95)
  const asking = await open({ properties: { maximumPacketSize: 8 } })
  const subscriptions = Array.from({ length: 10 }, (_, i) => ({ topic: `c14/${i}`, qos: 0 as const }))
  asking.send({ cmd: 'subscribe', messageId: 1, subscriptions })
  expect(await asking.closed()).toBe(0x95)
})

test('nothing but an accepted CONNECT is acted on, and it is answered once [MQTT5-3.1.4-5] [MQTT5-3.1.4-6] [MQTT5-3.2.0-2] [MQTT5-3.14.0-1]', async () => {
  const topic = name()
  const watcher = await open()
  await watcher.subscribe(topic)
  const refused = raw()
  refused.bytes(Buffer.concat([connectFrame({ properties: [3, 0x21, 0, 0] }), frame(0x30, text(topic), [0], [0x31])]))
  await refused.closed()
  expect(refused.received.map(({ cmd }) => cmd)).toEqual(['connack'])
  const good = await open()
  good.send(publish(topic, { payload: '2' }))
  await watcher.message('2')
  expect(watcher.payloads).toEqual(['2'])
  expect(good.received.filter(({ cmd }) => cmd === 'connack')).toHaveLength(1)
})

test('C2: a second CONNECT ends the first, and its will is published', async () => {
  const topic = name()
  const watcher = await open()
  await watcher.subscribe(topic)
  const will = { topic, payload: Buffer.from('will'), qos: 0 as const, retain: false }
  const client = await open({ will })
  client.connect(name())
  expect(await client.closed()).toBe(0x82)
  await watcher.message('will')
})

test('a CONNACK names nothing that was not asked for, and no keep alive but the client’s [MQTT5-3.1.2-28] [MQTT5-3.1.2-29] [MQTT5-3.2.2-22] [MQTT5-3.2.2-8] [MQTT5-4.12.0-6]', async () => {
  const properties = { requestResponseInformation: false, requestProblemInformation: false }
  const client = await open({ keepalive: 7, properties })
  expect(Object.keys(client.connack?.properties ?? {}).sort()).toEqual([
    'maximumPacketSize',
    'receiveMaximum',
    'topicAliasMaximum',
  ])
})

test('a session goes on for as long as it was to, and no longer [MQTT5-3.1.2-23] [MQTT5-3.1.4-4] [MQTT5-4.1.0-1] [MQTT5-4.1.0-2]', async () => {
  const id = name()
  const brief = { clean: false, properties: { sessionExpiryInterval: 1 } }
  const first = await open(brief, id)
  await first.subscribe('x')
  first.destroy()
  const second = await open(brief, id, 1)
  expect(second.connack?.sessionPresent).toBe(true)
  second.destroy()
  await moment(open)
  const third = await open({ clean: false }, id, 2)
  expect(third.connack?.sessionPresent).toBe(false)
  third.destroy()
  // Without an expiry interval a session ends with its connection.
  expect((await open(brief, id)).connack?.sessionPresent).toBe(false)
})

test('S7: clients with one id that take over from each other, zone after zone, get each message once', async () => {
  const id = name()
  const topic = name()
  // What a client keeps between its connections (method A of 4.3.3).
  const exchanges = new Set<number>()
  const accepted: string[] = []
  const takesPart = (client: RawClient) =>
    client.listen((packet) => {
      const { messageId = 0 } = packet
      if (packet.cmd === 'publish') {
        if (!exchanges.has(messageId)) accepted.push(String(packet.payload))
        exchanges.add(messageId)
        client.send({ cmd: 'pubrec', messageId })
      } else if (packet.cmd === 'pubrel') {
        exchanges.delete(messageId)
        client.send({ cmd: 'pubcomp', messageId })
      }
    })
  let client = await open(lasting, id)
  takesPart(client)
  await client.subscribe(topic, 2)
  const publisher = await open()
  const numbers = Array.from({ length: 60 }, (_, i) => i + 1)
  for (const number of numbers) {
    publisher.send(publish(topic, { payload: `${number}`, qos: 2, messageId: number }))
    const before = client
    client = await open(lasting, id, number % 3)
    expect(await before.closed()).toBe(0x8e)
    takesPart(client)
  }
  while (accepted.length < numbers.length) await client.more()
  await client.alive()
  expect(accepted).toEqual(numbers.map(String))
})

test('F12: ten thousand connections that say half a CONNECT keep nobody out', async () => {
  const half = connectFrame().subarray(0, 9)
  const silent: RawClient[] = []
  for (let round = 0; round < 10; round++) {
    const opening = Array.from({ length: 1_000 }, (_, i) => raw(5, i % 3))
    for (const client of opening) client.bytes(half)
    silent.push(...opening)
    await (await open()).alive()
  }
  expect(silent.filter(({ isClosed }) => isClosed)).toEqual([])
  const client = await open()
  await client.alive()
}, 30_000)
