import { expect, test } from 'vitest'
import { frame, text, varint } from '../support/mqtt-bytes.ts'
import { lasting, publish } from './packets.ts'
import { moment, name, useRegion } from './region-setup.ts'

const { closesOn, open } = useRegion()

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

test('P12: a payload that is not the UTF-8 it says it is is refused with 0x99', async () => {
  const client = await open()
  const properties = { payloadFormatIndicator: true }
  client.send(publish('p12', { payload: Buffer.from([0xff]), qos: 1, messageId: 1, properties }))
  expect(await client.next('puback')).toMatchObject({ messageId: 1, reasonCode: 0x99 })
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

test('a PUBLISH is answered as its QoS asks, with its packet id [MQTT5-3.3.4-1] [MQTT5-4.3.2-4] [MQTT5-4.3.3-8] [MQTT5-2.2.1-5]', async () => {
  const client = await open()
  const topic = name()
  client.send(publish(topic))
  client.send(publish(topic, { qos: 1, messageId: 11 }))
  client.send(publish(topic, { qos: 2, messageId: 12 }))
  expect(await client.next('puback')).toMatchObject({ messageId: 11 })
  expect(await client.next('pubrec')).toMatchObject({ messageId: 12 })
  client.send({ cmd: 'pubrel', messageId: 12 })
  expect(await client.next('pubcomp')).toMatchObject({ messageId: 12, reasonCode: 0 })
  await client.alive()
  expect(client.received.map(({ cmd }) => cmd)).toEqual(['connack', 'puback', 'pubrec', 'pubcomp', 'pingresp'])
})

test('a packet id whose PUBACK came is a new message, whatever DUP says [MQTT5-4.3.2-5] [MQTT5-3.3.1-3]', async () => {
  const topic = name()
  const reader = await open()
  await reader.subscribe(topic, 1)
  const client = await open()
  for (const [at, payload] of ['one', 'two'].entries()) {
    client.send(publish(topic, { payload, qos: 1, messageId: 5, dup: true }))
    await reader.message(payload)
    expect(reader.messages[at]).toMatchObject({ dup: false })
  }
  expect(reader.payloads).toEqual(['one', 'two'])
})

test('a packet id whose PUBREC refused is a new message [MQTT5-4.3.3-9]', async () => {
  const topic = name()
  const reader = await open()
  await reader.subscribe(topic, 2)
  const client = await open()
  const properties = { payloadFormatIndicator: true }
  client.send(publish(topic, { payload: Buffer.from([0xff]), qos: 2, messageId: 4, properties }))
  expect(await client.next('pubrec')).toMatchObject({ messageId: 4, reasonCode: 0x99 })
  client.send(publish(topic, { payload: 'good', qos: 2, messageId: 4 }))
  await reader.message('good')
})

test('an exchange of QoS 2 is finished though its message has expired [MQTT5-4.3.3-13] [MQTT5-3.3.2-5]', async () => {
  const client = await open()
  client.send(publish(name(), { qos: 2, messageId: 6, properties: { messageExpiryInterval: 1 } }))
  await client.next('pubrec')
  await moment(open)
  client.send({ cmd: 'pubrel', messageId: 6 })
  expect(await client.next('pubcomp')).toMatchObject({ messageId: 6, reasonCode: 0 })
})

test('P12: a subscription identifier, or a response topic with a wildcard, may not come from a client [MQTT5-3.3.4-6] [MQTT5-3.3.2-14]', async () => {
  const wrong = [frame(0x30, text('a'), [2, 0x0b, 1]), frame(0x30, text('a'), [6, 0x08, ...text('b/#')])]
  await closesOn(wrong, 0x81, 0x82)
})

test('P7: payloads of nothing and of the greatest size arrive as they are, one byte more is refused', async () => {
  const topic = name()
  const reader = await open({}, name(), 1)
  await reader.subscribe(topic, 1)
  const client = await open()
  const room = (client.connack?.properties?.maximumPacketSize ?? 0) - (1 + 3 + 2 + topic.length + 2 + 1)
  client.send(publish(topic, { payload: '', qos: 1, messageId: 1 }))
  client.send(publish(topic, { payload: Buffer.alloc(room, 'x'), qos: 1, messageId: 2 }))
  await client.next('puback', (packet) => packet.messageId === 2)
  await reader.next('publish', (packet) => packet.cmd === 'publish' && packet.payload.length === room)
  expect(reader.messages.map(({ payload }) => payload.length)).toEqual([0, room])
  client.send(publish(topic, { payload: Buffer.alloc(room + 1, 'x'), qos: 1, messageId: 3 }))
  expect(await client.closed()).toBe(0x95)
})

test('P12: very many user properties arrive, or are refused as a whole', async () => {
  const topic = name()
  const reader = await open()
  await reader.subscribe(topic)
  const client = await open()
  const pair = [0x26, 0, 1, 0x6b, 0, 1, 0x76]
  const many = (count: number) => {
    const properties = Array.from({ length: count }, () => pair).flat()
    return frame(0x30, text(topic), varint(properties.length), properties, [0x31])
  }
  client.bytes(many(1_000))
  const { properties } = await reader.message('1')
  expect(properties?.userProperties?.['k']).toHaveLength(1_000)
  client.bytes(many(100_000))
  expect(await client.closed()).toBeOneOf([0x81, 0x95, 0x97])
})

test('P11: what has expired is not delivered, and what has not says what is left [MQTT5-3.3.2-6]', async () => {
  const topic = name()
  const id = name()
  const reader = await open(lasting, id)
  await reader.subscribe(topic, 1)
  reader.send({ cmd: 'disconnect', reasonCode: 0 })
  await reader.closed()
  const client = await open()
  for (const [at, messageExpiryInterval] of [1, 100, 0xffffffff].entries()) {
    const properties = { messageExpiryInterval }
    client.send(publish(topic, { payload: `${messageExpiryInterval}`, qos: 1, messageId: at + 1, properties }))
  }
  await client.next('puback', (packet) => packet.messageId === 3)
  await moment(open)
  const back = await open(lasting, id, 1)
  const { properties } = await back.message('100')
  expect(properties?.messageExpiryInterval).toBeLessThanOrEqual(99)
  await back.message(`${0xffffffff}`)
  expect(back.payloads).toEqual(['100', `${0xffffffff}`])
})

test('P2: the same id again and again without a PUBREL is one exchange', async () => {
  const topic = name()
  const reader = await open()
  await reader.subscribe(topic, 2)
  const client = await open()
  const same = frame(0x34, text(topic), [0, 9, 0], [0x31])
  client.bytes(Buffer.concat(Array.from({ length: 20_000 }, () => same)))
  await client.alive()
  client.send(publish(topic, { payload: 'end', qos: 1, messageId: 1 }))
  await reader.message('end')
  expect(reader.payloads).toEqual(['1', 'end'])
})

test('P4: a PUBREL before its PUBREC is answered, and the exchange goes on', async () => {
  const client = await open()
  client.send(publish(name(), { qos: 2, messageId: 8 }))
  client.send({ cmd: 'pubrel', messageId: 8 })
  expect(await client.next('pubcomp')).toMatchObject({ messageId: 8, reasonCode: 0x92 })
  await client.next('pubrec')
  client.send({ cmd: 'pubrel', messageId: 8 })
  await client.next('pubcomp', (packet) => packet.cmd === 'pubcomp' && packet.reasonCode === 0)
})

test('what a client publishes to one topic comes in that order, in every zone [MQTT5-4.6.0-1] [MQTT5-4.6.0-5] [MQTT5-4.6.0-6] [MQTT5-4.5.0-1]', async () => {
  const topic = name()
  const readers = await Promise.all([0, 1, 2].map((zone) => open({ properties: { receiveMaximum: 5 } }, name(), zone)))
  const counted = Array.from({ length: 300 }, (_, i) => `${i}`)
  for (const reader of readers) {
    await reader.subscribe(topic, 1)
    reader.acknowledge()
  }
  const client = await open({}, name(), 1)
  for (const [i, payload] of counted.entries()) client.send(publish(topic, { payload, qos: 1, messageId: i + 1 }))
  for (const reader of readers) {
    await reader.message('299')
    expect(reader.payloads).toEqual(counted)
  }
})
