import { expect, test } from 'vitest'
import { publish } from './packets.ts'
import { name, useRegion } from './region-setup.ts'

const { open } = useRegion()

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

test('a will is retained if it says so, and kept until its connection is over [MQTT5-3.1.2-7] [MQTT5-3.1.2-14] [MQTT5-3.1.2-15]', async () => {
  const topic = name()
  const watcher = await open()
  await watcher.subscribe(`${topic}/#`, 1)
  for (const retain of [true, false]) {
    const client = await open({ will: { ...willOf(`${topic}/${retain}`), retain } }, name(), 1)
    await client.alive()
    expect(watcher.messages.map((message) => message.topic)).not.toContain(`${topic}/${retain}`)
    client.destroy()
    await watcher.next('publish', (packet) => packet.cmd === 'publish' && packet.topic === `${topic}/${retain}`)
  }
  const late = await open({}, name(), 2)
  await late.subscribe(`${topic}/#`, 1)
  expect(await late.message('will')).toMatchObject({ topic: `${topic}/true`, retain: true })
  await late.subscribe(`${topic}/end`)
  const publisher = await open()
  publisher.send(publish(`${topic}/end`, { payload: 'end' }))
  await late.message('end')
  expect(late.payloads).toEqual(['will', 'end'])
})

test('S10: a will with a delay comes at the end of its session, if that is sooner', async () => {
  const topic = name()
  const watcher = await open()
  await watcher.subscribe(topic, 1)
  const properties = { sessionExpiryInterval: 1 }
  const client = await open({ properties, will: willOf(topic, { willDelayInterval: 100 }) }, name(), 1)
  client.destroy()
  await watcher.message('will')
})

test('S9: very many wills at once come once each', async () => {
  const topic = name()
  const watcher = await open()
  await watcher.subscribe(`${topic}/+`, 0)
  const clients = await Promise.all(
    Array.from({ length: 300 }, (_, i) => open({ will: willOf(`${topic}/${i}`) }, name(), i % 3)),
  )
  for (const client of clients) client.destroy()
  while (new Set(watcher.messages.map((message) => message.topic)).size < 300) await watcher.more()
  const end = await open({ will: willOf(`${topic}/end`) })
  end.destroy()
  await watcher.next('publish', (packet) => packet.cmd === 'publish' && packet.topic === `${topic}/end`)
  expect(watcher.messages).toHaveLength(301)
})
