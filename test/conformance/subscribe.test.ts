import { expect, test } from 'vitest'
import { frame, text } from '../support/mqtt-bytes.ts'
import { publish } from './packets.ts'
import { name, useRegion } from './region-setup.ts'

const { closesOn, open } = useRegion()

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

test('SUBSCRIBE is answered once, with its id and the granted QoS of each filter in its order [MQTT5-3.8.4-1] [MQTT5-3.8.4-2] [MQTT5-3.8.4-5] [MQTT5-3.8.4-7] [MQTT5-3.9.3-2] [MQTT5-2.2.1-6] [MQTT5-3.2.2-10]', async () => {
  const client = await open()
  const subscriptions = ([0, 1, 2] as const).map((qos) => ({ topic: `${name()}/#`, qos }))
  client.send({ cmd: 'subscribe', messageId: 77, subscriptions })
  expect(await client.next('suback')).toMatchObject({ messageId: 77, granted: [0, 1, 2] })
  const unsubscriptions = [...subscriptions.map(({ topic }) => topic), 'never']
  client.send({ cmd: 'unsubscribe', messageId: 78, unsubscriptions })
  const answer = await client.next('unsuback')
  expect(answer).toMatchObject({ messageId: 78, granted: [0, 0, 0, 0x11] })
  await client.alive()
  expect(client.received.filter(({ cmd }) => cmd === 'suback' || cmd === 'unsuback')).toHaveLength(2)
})

test('S1 S2: options and identifiers that there are not are refused [MQTT5-3.8.3-2] [MQTT5-3.8.3-4] [MQTT5-3.8.3-5] [MQTT5-3.10.3-2]', async () => {
  const topic = text('s1')
  const wrong = [
    frame(0x82, [0, 1, 0]),
    frame(0xa2, [0, 1, 0]),
    ...[0x03, 0x30, 0x40, 0x80].map((options) => frame(0x82, [0, 1, 0], topic, [options])),
    frame(0x82, [0, 1, 0], text('$share/g/t'), [0x04]),
    frame(0x82, [0, 1, 2, 0x0b, 0], topic, [0]),
    frame(0x82, [0, 1, 5, 0x0b, 0x80, 0x80, 0x80, 0x80], topic, [0]),
    frame(0x82, [0, 1, 4, 0x0b, 1, 0x0b, 2], topic, [0]),
  ]
  await closesOn(wrong, 0x81, 0x82)
})

test('S1: ten thousand filters in one packet are all answered', async () => {
  const client = await open()
  const subscriptions = Array.from({ length: 10_000 }, (_, i) => ({ topic: `s1/${i}/+`, qos: 0 as const }))
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions })
  const { granted } = await client.next('suback')
  expect(granted).toHaveLength(10_000)
  for (const code of granted) expect(code).toBeOneOf([0, 0x97])
})

test('the same filter again takes the place of the one before, and nothing is lost meanwhile [MQTT5-3.8.4-3] [MQTT5-3.8.4-4]', async () => {
  const topic = name()
  const client = await open()
  await client.subscribe(topic, 1, {}, { subscriptionIdentifier: 1 })
  client.acknowledge()
  const publisher = await open({}, name(), 1)
  const numbers = Array.from({ length: 400 }, (_, i) => i + 1)
  for (const id of numbers) publisher.send(publish(topic, { payload: `${id}`, qos: 1, messageId: id }))
  for (const identifier of [2, 3, 4]) await client.subscribe(topic, 1, {}, { subscriptionIdentifier: identifier })
  await client.message('400')
  expect(client.payloads).toEqual(numbers.map(String))
  publisher.send(publish(topic, { payload: 'end' }))
  expect((await client.message('end')).properties?.subscriptionIdentifier).toBe(4)
})

test('UNSUBSCRIBE ends the filter that is the same character for character, and what was begun is finished [MQTT5-3.10.4-1] [MQTT5-3.10.4-2] [MQTT5-3.10.4-3] [MQTT5-3.10.4-5] [MQTT5-3.11.3-2]', async () => {
  const topic = name()
  const client = await open()
  for (const filter of [`${topic}/a`, `${topic}/+`]) await client.subscribe(filter, 2)
  const publisher = await open()
  publisher.send(publish(`${topic}/a`, { payload: 'begun', qos: 2, messageId: 1 }))
  const { messageId = 0 } = await client.message('begun')
  client.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: [`${topic}/A`, `${topic}/#`, `${topic}/a`] })
  expect(await client.next('unsuback')).toMatchObject({ granted: [0x11, 0x11, 0] })
  publisher.send(publish(`${topic}/a`, { payload: 'still', qos: 1, messageId: 2 }))
  await client.message('still')
  client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [`${topic}/+`] })
  await client.next('unsuback', (packet) => packet.messageId === 2)
  client.send({ cmd: 'pubrec', messageId })
  expect(await client.next('pubrel')).toMatchObject({ messageId })
  client.send({ cmd: 'pubcomp', messageId })
  publisher.send(publish(`${topic}/a`, { payload: 'never', qos: 1, messageId: 3 }))
  await publisher.next('puback', (packet) => packet.messageId === 3)
  await client.subscribe(topic)
  publisher.send(publish(topic, { payload: 'end' }))
  await client.message('end')
  expect(client.payloads).toEqual(['begun', 'still', 'end'])
})

test('one message that matches many filters of a client comes once, with the identifier of each [MQTT5-3.3.4-2] [MQTT5-3.3.4-3] [MQTT5-3.3.4-4] [MQTT5-3.3.4-5]', async () => {
  const topic = name()
  const client = await open()
  const filters = [`${topic}/a`, `${topic}/+`, `${topic}/#`]
  for (const [i, filter] of filters.entries()) {
    await client.subscribe(filter, i as 0 | 1 | 2, {}, { subscriptionIdentifier: i + 1 })
  }
  const publisher = await open()
  publisher.send(publish(`${topic}/a`, { payload: 'm', qos: 2, messageId: 1 }))
  const { qos, properties } = await client.message('m')
  expect(qos).toBe(2)
  expect([properties?.subscriptionIdentifier].flat().sort()).toEqual([1, 2, 3])
  publisher.send(publish(`${topic}/end`, { payload: 'end' }))
  await client.message('end')
  expect(client.payloads).toEqual(['m', 'end'])
})

test('S5: a message through a thousand filters of one client arrives once', async () => {
  const levels = Array.from({ length: 10 }, (_, i) => `l${i}`)
  const base = name()
  const client = await open()
  const subscriptions = Array.from({ length: 1_024 }, (_, bits) => ({
    topic: [base, ...levels.map((level, i) => (bits & (1 << i) ? '+' : level))].join('/'),
    qos: 1 as const,
  }))
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions, properties: { subscriptionIdentifier: 7 } })
  await client.next('suback')
  client.acknowledge()
  const publisher = await open()
  for (const payload of ['1', '2']) publisher.send(publish([base, ...levels].join('/'), { payload }))
  await client.message('2')
  expect(client.payloads).toEqual(['1', '2'])
})

test('S6: the last answered request counts, however fast they follow one another', async () => {
  const topic = name()
  const client = await open()
  for (let round = 1; round <= 1_000; round++) {
    client.send({ cmd: 'subscribe', messageId: 2 * round, subscriptions: [{ topic, qos: 0 }] })
    client.send({ cmd: 'unsubscribe', messageId: 2 * round + 1, unsubscriptions: [topic] })
  }
  await client.next('unsuback', (packet) => packet.messageId === 2_001)
  const publisher = await open({}, name(), 1)
  publisher.send(publish(topic, { payload: 'never', qos: 1, messageId: 1 }))
  await publisher.next('puback')
  await client.subscribe(topic)
  publisher.send(publish(topic, { payload: 'end' }))
  await client.message('end')
  expect(client.payloads).toEqual(['end'])
})
