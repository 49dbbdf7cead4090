import { expect, test } from 'vitest'
import { name, useRegion } from './region-setup.ts'

const { open } = useRegion()
const [publishers, subscribers, each] = [150, 150, 10]

// What a neighbour waits meanwhile is not judged: one process is all these clients, and would measure itself.
test('of many publishers to one topic every one of many subscribers gets every message, in order (P13)', {
  timeout: 60_000,
}, async () => {
  const topic = name()
  const readers = await Promise.all(Array.from({ length: subscribers }, (_, i) => open({}, name(), i % 3)))
  await Promise.all(readers.map((reader) => reader.subscribe(topic, 1)))
  for (const reader of readers) reader.acknowledge()
  const writers = await Promise.all(Array.from({ length: publishers }, (_, i) => open({}, name(), i % 3)))
  for (const [at, writer] of writers.entries()) {
    for (let messageId = 1; messageId <= each; messageId++) {
      const payload = `${at}:${messageId}`
      writer.send({ cmd: 'publish', topic, payload, qos: 1, messageId, dup: false, retain: false })
    }
  }
  for (const writer of writers) await writer.next('puback', (packet) => packet.messageId === each)
  const inOrder = Array.from({ length: each }, (_, i) => i + 1)
  for (const reader of readers) {
    while (reader.messages.length < publishers * each) await reader.more()
    const counts = Map.groupBy(reader.payloads, (payload) => payload.split(':')[0])
    expect(counts.size).toBe(publishers)
    for (const payloads of counts.values())
      expect(payloads.map((payload) => Number(payload.split(':')[1]))).toEqual(inOrder)
  }
})
