import { expect, test } from 'vitest'
import { lasting, publish } from './packets.ts'
import type { RawClient } from './raw-client.ts'
import { name, useRegion } from './region-setup.ts'

const { open } = useRegion()

/** Publishes at QoS 2 and resolves once it is durable. */
async function sent(topic: string, payload: string): Promise<void> {
  const client = await open()
  client.send(publish(topic, { payload, qos: 2, messageId: 1 }))
  await client.next('pubrec')
}

async function completes(member: RawClient, messageId: number): Promise<void> {
  member.send({ cmd: 'pubrec', messageId })
  expect(await member.next('pubrel')).toMatchObject({ messageId })
  member.send({ cmd: 'pubcomp', messageId })
}

test('a message of a group keeps to the QoS of its member, and one that is refused goes to no other [MQTT5-4.8.2-3] [MQTT5-4.8.2-6]', async () => {
  const topic = name()
  const filter = `$share/g/${topic}`
  const [first, second] = [await open(), await open({}, name(), 1)]
  expect(await first.subscribe(filter, 0)).toBe(0)
  const publisher = await open()
  publisher.send(publish(topic, { payload: 'zero', qos: 1, messageId: 1 }))
  expect(await first.message('zero')).toMatchObject({ qos: 0 })
  first.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [filter] })
  await first.next('unsuback')
  await second.subscribe(filter, 1)
  publisher.send(publish(topic, { payload: 'refused', qos: 1, messageId: 2 }))
  const { messageId = 0 } = await second.message('refused')
  await first.subscribe(filter, 1)
  second.send({ cmd: 'puback', messageId, reasonCode: 0x83 })
  second.send({ cmd: 'disconnect', reasonCode: 0 })
  await second.closed()
  publisher.send(publish(topic, { payload: 'end', qos: 1, messageId: 3 }))
  await first.message('end')
  // At least once: a queue that moves to another owner meanwhile may bring 'zero' again.
  expect(first.payloads).not.toContain('refused')
})

test('QoS 2 that was begun with one member is completed with it when it comes back, through another zone [MQTT5-4.8.2-4]', async () => {
  const topic = name()
  const id = name()
  const filter = `$share/g/${topic}`
  const first = await open(lasting, id)
  expect(await first.subscribe(filter, 2)).toBe(2)
  await sent(topic, 'm')
  const { messageId = 0 } = await first.message('m')
  expect(first.messages).toMatchObject([{ qos: 2, dup: false }])
  const other = await open(lasting, name(), 1)
  expect(await other.subscribe(filter, 2)).toBe(2)
  first.destroy()
  await sent(topic, 'while it was away')
  await other.message('while it was away')
  const again = await open(lasting, id, 2)
  expect(await again.message('m')).toMatchObject({ dup: true, messageId, qos: 2 })
  await completes(again, messageId)
  // Done is done: another connection gets nothing of it.
  again.destroy()
  const last = await open(lasting, id)
  await last.alive()
  expect(last.payloads).toEqual([])
  expect(other.payloads).toEqual(['while it was away'])
})

test('after PUBREC only PUBREL is repeated to the member [MQTT5-4.8.2-4] [MQTT5-4.3.3-6]', async () => {
  const topic = name()
  const id = name()
  const first = await open(lasting, id)
  await first.subscribe(`$share/g/${topic}`, 2)
  await sent(topic, 'm')
  const { messageId = 0 } = await first.message('m')
  first.send({ cmd: 'pubrec', messageId })
  await first.next('pubrel')
  first.destroy()
  const again = await open(lasting, id, 1)
  expect(await again.next('pubrel')).toMatchObject({ messageId })
  again.send({ cmd: 'pubcomp', messageId })
  await sent(topic, 'end')
  await again.message('end')
  expect(again.payloads).toEqual(['end'])
})

test('when the session of a member ends, with its connection or by a new one, no other gets what was begun with it [MQTT5-4.8.2-5]', async () => {
  for (const fields of [{}, lasting]) {
    const topic = name()
    const id = name()
    const filter = `$share/g/${topic}`
    const first = await open(fields, id)
    await first.subscribe(filter, 2)
    await sent(topic, 'm')
    await first.message('m')
    const other = await open(lasting, name(), 1)
    await other.subscribe(filter, 2)
    first.destroy()
    const fresh = await open({ clean: true }, id, 2)
    expect(fresh.connack).toMatchObject({ sessionPresent: false })
    for (const payload of ['more', 'end']) await sent(topic, payload)
    await other.message('end')
    await fresh.alive()
    expect([other.payloads, fresh.payloads]).toEqual([['more', 'end'], []])
  }
})

test('a member that is granted QoS 1 leaves what it did not acknowledge to another one', async () => {
  const topic = name()
  const filter = `$share/g/${topic}`
  const first = await open()
  expect(await first.subscribe(filter, 1)).toBe(1)
  await sent(topic, 'm')
  await first.message('m')
  const other = await open({}, name(), 1)
  await other.subscribe(filter, 2)
  first.destroy()
  expect(await other.message('m')).toMatchObject({ qos: 2 })
})
