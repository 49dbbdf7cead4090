import { envelope } from '@tern/proto'
import { encodeBatch } from '@tern/record'
import { expect, test } from 'vitest'
import { AppendQueue, batchLimits } from './append-queue.ts'
import { QueueState } from './queue-state.ts'

/** `max.message.bytes` of tern.messages (libs/log/src/kafka/admin/promise.ts). */
const kafkaBytesMax = 1_048_588
const sizes = (bodies: readonly Buffer[]) => bodies.map(({ length }) => length)

function queueOf(bodies: readonly number[]): AppendQueue {
  const queue = new AppendQueue()
  for (const [i, bytes] of bodies.entries()) {
    const record = envelope.Envelope.create({ producer: 7, sequence: i + 1 })
    queue.push({ record, body: Buffer.alloc(bytes), answer: () => {} })
  }
  return queue
}

const take = (queue: AppendQueue) => queue.take(new QueueState(0), (entry) => entry).bodies

test('a large record does not join a batch that it would make larger than the log takes', () => {
  const queue = queueOf([500_000, 900_000, 10])
  expect(sizes(take(queue))).toEqual([500_000])
  expect(sizes(take(queue))).toEqual([900_000])
  expect(sizes(take(queue))).toEqual([10])
  expect(queue.isEmpty).toBe(true)
})

test('a batch of as many bytes as the limits allow is below what the log takes', () => {
  const least = Math.floor(batchLimits.bytes / batchLimits.records)
  const many = Array<number>(batchLimits.records - 1).fill(least)
  const rest = batchLimits.bytesMax - least * many.length
  const bodies = take(queueOf([...many, rest]))
  expect(bodies.length).toBe(batchLimits.records)
  expect(encodeBatch(bodies).length).toBeLessThan(kafkaBytesMax)
  expect(encodeBatch(take(queueOf([batchLimits.bytesMax]))).length).toBeLessThan(kafkaBytesMax)
})

test('what a publisher wrote twice, through two proxies, stands once in a batch (rule 8)', () => {
  const queue = new AppendQueue()
  const publisher = { name: 'p', sequence: 1 }
  for (const producer of [7, 8]) {
    const record = envelope.Envelope.create({ producer, sequence: 1, publisher })
    queue.push({ record, body: Buffer.from([producer]), answer: () => {} })
  }
  const { places, written } = queue.take(new QueueState(0), (entry) => entry)
  expect(places).toEqual([0, -1])
  expect(written).toHaveLength(1)
})
