import type { IPublishPacket, QoS } from 'mqtt-packet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RawClient } from '../conformance/raw-client.ts'
import { type Region, startRegion } from '../support/region.ts'

const messages = 50
const lasting = { clean: true, properties: { sessionExpiryInterval: 3_600 } }
let region: Region

beforeAll(async () => {
  region = await startRegion()
}, 60_000)
afterAll(() => region.stop())

const at = (zone: number): string => region.addresses[zone] ?? ''
const isPublish = (packet: { cmd: string }): packet is IPublishPacket => packet.cmd === 'publish'
const payloads = ({ received }: RawClient) => received.filter(isPublish).map(({ payload }) => String(payload))

/** Leaves behind a session with this subscription. */
async function subscribeAndGo(zone: number, clientId: string, topic: string, qos: QoS): Promise<void> {
  const client = await RawClient.open(at(zone), clientId, lasting)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] })
  await client.next('suback')
  client.destroy()
}

const withWill = (zone: number, clientId: string, willDelayInterval: number) =>
  RawClient.open(at(zone), clientId, {
    ...lasting,
    will: {
      ...{ topic: `will/${clientId}`, payload: Buffer.from(clientId), qos: 2, retain: false },
      properties: { willDelayInterval },
    },
  })

/** Comes back to the session, and takes and acknowledges so many messages; what else came by then is in the result, too. */
async function comeBack(zone: number, clientId: string, count: number): Promise<string[]> {
  const client = await RawClient.open(at(zone), clientId, { ...lasting, clean: false })
  expect(client.connack?.sessionPresent).toBe(true)
  const taken = new Set<unknown>()
  while (taken.size < count) {
    const packet = await client.next('publish', (each) => !taken.has(each))
    taken.add(packet)
    const { messageId = 0, qos } = packet
    client.send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId })
    if (qos === 1) continue
    await client.next('pubrel', (each) => each.messageId === messageId)
    client.send({ cmd: 'pubcomp', messageId })
  }
  await client.alive()
  client.destroy()
  return payloads(client)
}

test('after every process was killed, acknowledged messages, sessions, retained messages and wills are there', async () => {
  await subscribeAndGo(0, 'sleeper', 's/#', 1)
  await subscribeAndGo(1, 'watcher', 'will/+', 2)
  const publisher = await RawClient.open(at(2), 'publisher')
  const sent = Array.from({ length: messages }, (_, i) => `message ${i}`)
  publisher.send({ ...publish('kept', 'value'), retain: true, messageId: 1_000 })
  for (const [i, payload] of sent.entries()) publisher.send({ ...publish('s/x', payload), messageId: i + 1 })
  await publisher.next('puback', ({ messageId }) => messageId === 1_000)
  for (const i of sent.keys()) await publisher.next('puback', ({ messageId }) => messageId === i + 1)
  const delayed = await withWill(0, 'delayed', 3)
  await withWill(1, 'cut', 0)
  delayed.destroy()

  await region.killAll()
  await region.restartAll()

  expect(await comeBack(2, 'sleeper', messages)).toEqual(sent)
  expect((await comeBack(0, 'watcher', 2)).toSorted()).toEqual(['cut', 'delayed'])
  const reader = await RawClient.open(at(1), 'reader')
  reader.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'kept', qos: 1 }] })
  expect(await reader.next('publish')).toMatchObject({ retain: true, payload: Buffer.from('value') })
})

const publish = (topic: string, payload: string): IPublishPacket => {
  return { cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false }
}
