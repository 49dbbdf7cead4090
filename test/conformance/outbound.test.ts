import { expect, test } from 'vitest'
import { lasting, publish } from './packets.ts'
import { moment, name, useRegion } from './region-setup.ts'

const { open } = useRegion()

/** Publishes at QoS 2 and resolves once all of it is durable. */
async function sent(topic: string, ...payloads: string[]): Promise<void> {
  const client = await open()
  for (const [i, payload] of payloads.entries()) client.send(publish(topic, { payload, qos: 2, messageId: i + 1 }))
  await client.next('pubrec', (packet) => packet.messageId === payloads.length)
}

test('no more is under way than the client takes, and all else is answered meanwhile [MQTT5-4.9.0-1] [MQTT5-4.9.0-2] [MQTT5-4.9.0-3] [MQTT5-3.3.4-9] [MQTT5-3.3.4-10] [MQTT5-2.2.1-4] [MQTT5-4.3.2-1] [MQTT5-4.3.3-1]', async () => {
  const topic = name()
  const reader = await open({ properties: { receiveMaximum: 3 } })
  await reader.subscribe(topic, 2)
  const other = await open()
  await other.subscribe(topic)
  await sent(topic, '1', '2', '3', '4', '5')
  await other.message('5')
  await reader.message('3')
  expect(await reader.subscribe(`${topic}/more`, 1)).toBe(1)
  await reader.alive()
  expect(reader.payloads).toEqual(['1', '2', '3'])
  const ids = reader.messages.map(({ messageId }) => messageId)
  expect(new Set(ids).size).toBe(3)
  expect(ids).not.toContain(0)
  // PUBREC frees nothing, PUBCOMP does [MQTT5-4.9.0-2].
  const [first] = reader.messages
  reader.send({ cmd: 'pubrec', messageId: first?.messageId ?? 0 })
  await reader.next('pubrel')
  await reader.alive()
  expect(reader.payloads).toHaveLength(3)
  reader.send({ cmd: 'pubcomp', messageId: first?.messageId ?? 0 })
  await reader.message('4')
})

test('a QoS 1 message is sent with DUP 0, and again with DUP 1 and its id until it is acknowledged [MQTT5-4.3.2-2] [MQTT5-4.3.2-3] [MQTT5-3.3.1-1] [MQTT5-4.4.0-1]', async () => {
  const topic = name()
  const id = name()
  const first = await open(lasting, id)
  await first.subscribe(topic, 1)
  await sent(topic, 'm')
  const { messageId } = await first.message('m')
  expect(first.messages).toMatchObject([{ dup: false, qos: 1 }])
  first.destroy()
  const second = await open(lasting, id, 1)
  expect(await second.message('m')).toMatchObject({ dup: true, messageId, qos: 1 })
  second.send({ cmd: 'puback', messageId: messageId ?? 0 })
  await second.alive()
  await sent(topic, 'end')
  await second.message('end')
  expect(second.payloads).toEqual(['m', 'end'])
})

test('QoS 0 is sent with DUP 0 and no packet id [MQTT5-4.3.1-1] [MQTT5-2.2.1-2]', async () => {
  const topic = name()
  const reader = await open()
  await reader.subscribe(topic)
  await sent(topic, 'm')
  expect(await reader.message('m')).toMatchObject({ qos: 0, dup: false })
  expect(reader.messages[0]?.messageId).toBeUndefined()
})

test('a QoS 2 exchange goes on where it was: PUBLISH until PUBREC, then PUBREL until PUBCOMP [MQTT5-4.3.3-2] [MQTT5-4.3.3-3] [MQTT5-4.3.3-4] [MQTT5-4.3.3-5] [MQTT5-4.3.3-6]', async () => {
  const topic = name()
  const id = name()
  const first = await open(lasting, id)
  await first.subscribe(topic, 2)
  await sent(topic, 'm')
  const { messageId = 0 } = await first.message('m')
  expect(first.messages).toMatchObject([{ dup: false, qos: 2 }])
  first.destroy()
  const second = await open(lasting, id, 1)
  expect(await second.message('m')).toMatchObject({ dup: true, messageId, qos: 2 })
  second.send({ cmd: 'pubrec', messageId })
  expect(await second.next('pubrel')).toMatchObject({ messageId })
  second.destroy()
  const third = await open(lasting, id, 2)
  expect(await third.next('pubrel')).toMatchObject({ messageId })
  third.send({ cmd: 'pubcomp', messageId })
  await sent(topic, 'end')
  await third.message('end')
  expect(third.payloads).toEqual(['end'])
})

test('what was sent once is sent again though it has expired [MQTT5-4.3.3-7]', async () => {
  const topic = name()
  const id = name()
  const first = await open(lasting, id)
  await first.subscribe(topic, 2)
  const client = await open()
  client.send(publish(topic, { payload: 'm', qos: 2, messageId: 1, properties: { messageExpiryInterval: 1 } }))
  const { messageId } = await first.message('m')
  await moment(open)
  first.destroy()
  const second = await open(lasting, id, 1)
  expect(await second.message('m')).toMatchObject({ dup: true, messageId })
})

test('a message that its reader refuses is not repeated [MQTT5-4.4.0-2]', async () => {
  const topic = name()
  const id = name()
  const first = await open(lasting, id)
  await first.subscribe(topic, 2)
  await sent(topic, 'refused')
  const { messageId } = await first.message('refused')
  first.send({ cmd: 'pubrec', messageId: messageId ?? 0, reasonCode: 0x83 })
  await first.alive()
  expect(first.received.some(({ cmd }) => cmd === 'pubrel')).toBe(false)
  first.destroy()
  const second = await open(lasting, id, 1)
  await sent(topic, 'end')
  await second.message('end')
  expect(second.payloads).toEqual(['end'])
})

test('aliases are given up to the client’s maximum, and none when it has none [MQTT5-3.3.2-11] [MQTT5-3.1.2-26] [MQTT5-3.1.2-27]', async () => {
  const topic = name()
  const none = await open()
  const two = await open({ properties: { topicAliasMaximum: 2 } })
  for (const reader of [none, two]) await reader.subscribe(`${topic}/#`)
  const client = await open()
  for (const round of [1, 2]) {
    for (const each of ['a', 'b', 'c', 'd']) client.send(publish(`${topic}/${each}`, { payload: `${each}${round}` }))
  }
  for (const reader of [none, two]) {
    for (const each of ['a', 'b', 'c', 'd']) await reader.message(`${each}2`)
  }
  const aliasesOf = (messages: typeof none.messages) => messages.map(({ properties }) => properties?.topicAlias ?? 0)
  expect(Math.max(...aliasesOf(none.messages))).toBe(0)
  expect(Math.max(...aliasesOf(two.messages))).toBe(2)
  // Whatever carries no topic stands for the one its alias was given with.
  const names = new Map<number, string>()
  for (const message of two.messages) {
    const alias = message.properties?.topicAlias ?? 0
    if (message.topic !== '') names.set(alias, message.topic)
    const meant = message.topic === '' ? names.get(alias) : message.topic
    expect(meant).toBe(`${topic}/${String(message.payload)[0]}`)
  }
})

test('nothing is sent after DISCONNECT, and it makes no session last [MQTT5-3.14.4-1] [MQTT5-3.14.2-2]', async () => {
  const topic = name()
  const id = name()
  const client = await open({}, id)
  await client.subscribe(topic)
  await open({}, id, 1)
  expect(await client.closed()).toBe(0x8e)
  const last = client.received.at(-1)
  expect(last).toMatchObject({ cmd: 'disconnect' })
  expect(last?.cmd === 'disconnect' && last.properties?.sessionExpiryInterval).toBeFalsy()
})
