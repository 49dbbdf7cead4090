import { expect, test } from 'vitest'
import { publish } from './packets.ts'
import { name, useRegion } from './region-setup.ts'

const { open } = useRegion()

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

test('a message without RETAIN leaves the retained one alone [MQTT5-3.3.1-8] [MQTT5-3.3.1-12] [MQTT5-3.3.1-13]', async () => {
  const topic = name()
  const publisher = await open()
  publisher.send(publish(topic, { payload: 'kept', qos: 1, messageId: 1, retain: true }))
  publisher.send(publish(topic, { payload: 'passing', qos: 1, messageId: 2 }))
  publisher.send(publish(topic, { payload: '', qos: 1, messageId: 3 }))
  await publisher.next('puback', (packet) => packet.messageId === 3)
  const client = await open({}, name(), 1)
  await client.subscribe(topic, 1, { rap: true })
  expect(await client.message('kept')).toMatchObject({ retain: true })
  const plain = await open({}, name(), 2)
  await plain.subscribe(topic, 1, { rh: 2 })
  publisher.send(publish(topic, { payload: 'next', qos: 1, messageId: 4, retain: true }))
  expect(await client.message('next')).toMatchObject({ retain: true })
  expect(await plain.message('next')).toMatchObject({ retain: false })
  expect(client.payloads).toEqual(['kept', 'next'])
})

test('P8: thousands of retained messages come as fast as they are acknowledged, and none twice', async () => {
  const base = name()
  const publisher = await open()
  const count = 5_000
  for (let i = 1; i <= count; i++) {
    publisher.send(publish(`${base}/${i}`, { payload: `${i}`, qos: 1, messageId: i, retain: true }))
    if (i % 500 === 0) await publisher.next('puback', (packet) => packet.messageId === i)
  }
  const client = await open({ properties: { receiveMaximum: 7 } }, name(), 1)
  client.acknowledge()
  await client.subscribe(`${base}/#`, 1)
  const seen = () => new Set(client.payloads).size
  while (seen() < count) await client.more()
  expect(client.payloads).toHaveLength(count)
})
