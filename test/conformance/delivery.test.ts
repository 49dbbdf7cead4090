import { test } from 'vitest'
import { publish } from './packets.ts'
import { name, useRegion } from './region-setup.ts'

const { open } = useRegion()

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
