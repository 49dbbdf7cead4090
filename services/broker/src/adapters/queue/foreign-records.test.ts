import { encodeBatch, encodeBody, stampBatch } from '@tern/record'
import { partitionOf } from '@tern/routing'
import { createLogger, silentLogger } from '@tern/runtime'
import { expect, test } from 'vitest'
import { telemetryWith } from '../../core/counters.ts'
import { batchLimits } from '../../core/queue/append-queue.ts'
import { type FakeBroker, type FakeProxy, recordsOf, region } from '../link/link.fixture.ts'
import { rerouterLimits } from './rerouter.ts'
import { Snapshots } from './snapshots.ts'

const everything = [{ filter: '#', start: -1 }]
const here = topicsOf(0)
const elsewhere = topicsOf(1)

function* topicsOf(queue: number): Generator<string> {
  for (let i = 0; ; i++) if (partitionOf(`t/${i}`, 2) === queue) yield `t/${i}`
}
const next = (topics: Generator<string>): string => topics.next().value

const record = (key: string | Buffer | null, value: string | null, headers: [string, Buffer][] = []) =>
  encodeBody(key === null ? null : Buffer.from(key), value === null ? null : Buffer.from(value), headers)

/** As Kafka's transactions and compressing producers mark their batches. */
function marked(bits: number, ...bodies: Buffer[]): Buffer {
  const batch = encodeBatch(bodies)
  batch.writeInt16BE(bits, 21)
  stampBatch(batch, 0, 1)
  return batch
}

async function owner() {
  const lines: string[] = []
  const { log, broker } = await region({ logger: createLogger((line) => void lines.push(line)) })
  const write = (queue: number, batch: Buffer) => log.append('tern.messages', queue, batch)
  const serve = async (incarnation: number, queues = [0, 1]) => {
    const serving = broker(incarnation)
    await serving.own(queues, 10 * incarnation)
    return serving
  }
  return { lines, write, serve }
}

async function payloads(proxy: FakeProxy, queue: number, id = 1): Promise<string[]> {
  return recordsOf((await proxy.read(queue, 0, everything, id)).delivery).map(([, , payload]) => payload)
}

async function snapshotOf({ ownership, homes }: FakeBroker, queue: number): Promise<void> {
  const [runner, store] = [ownership.get(queue), homes.store(queue)]
  if (runner === undefined || store === undefined) throw new Error(`queue ${queue} is not served`)
  runner.state.movedBelow = runner.movedBelow
  await new Snapshots(store, silentLogger, telemetryWith()).write(runner.state, runner.retained.takeChanged())
}

const strange: [string, () => Buffer, RegExp | undefined][] = [
  ['without a key', () => encodeBatch([record(null, 'x')]), /no key/],
  ['with a wildcard in its key', () => encodeBatch([record('a/#', 'x')]), /no valid MQTT topic/],
  ['whose key is no UTF-8', () => encodeBatch([record(Buffer.from([0x61, 0xff]), 'x')]), /no valid MQTT topic/],
  ['with a bad envelope', () => encodeBatch([record('a', 'x', [['tern', Buffer.from('no')]])]), /no envelope/],
  ['that is compressed', () => marked(1, record('a', 'x')), /compressed/],
  ['that ends a transaction', () => marked(0x30, record(Buffer.from([0, 0, 0, 1]), 'x')), undefined],
  [
    'that is too large to be moved',
    () => encodeBatch([record(next(elsewhere), 'x'.repeat(batchLimits.bytesMax))]),
    /too large to be moved/,
  ],
]

test.each(strange)('a record %s is passed over, told with its address, and holds nothing up', async (_, batch, why) => {
  const { lines, write, serve } = await owner()
  await write(0, encodeBatch([record(next(here), 'before')]))
  await write(0, batch())
  await write(0, encodeBatch([record(next(here), 'after')]))
  const first = await serve(1)
  const proxy = first.connect(7)
  expect(await payloads(proxy, 0)).toEqual(['before', 'after'])
  expect(await payloads(proxy, 1, 2)).toEqual([])
  const told = lines.filter((line) => line.includes('tern.messages/0/1'))
  expect(told).toEqual(why === undefined ? [] : [expect.stringMatching(why)])
  expect(first.ownership.get(0)?.skipped.count).toBe(why === undefined ? 0 : 1)
  // Who begins with a snapshot has it from the log, not from memory.
  await snapshotOf(first, 0)
  const second = await serve(2)
  expect(await payloads(second.connect(7), 0)).toEqual(['before', 'after'])
})

test('a flood of records that are no message is one line, and costs no memory', async () => {
  const { lines, write, serve } = await owner()
  await write(0, encodeBatch(Array.from({ length: 500 }, () => record('#', 'x'))))
  const { ownership } = await serve(1)
  expect(lines.filter((line) => line.includes('passed over')).length).toBe(1)
  expect(ownership.get(0)?.skipped.count).toBe(500)
  expect(ownership.get(0)?.state.voidPositions.size).toBe(0)
})

test('a record without a value is a message without payload', async () => {
  const { write, serve } = await owner()
  await write(0, encodeBatch([record(next(here), null)]))
  const answer = await (await serve(1)).connect(7).read(0, 0, everything)
  expect(answer.delivery?.count).toBe(1)
})

test('records of a transaction are messages as they come', async () => {
  const { write, serve } = await owner()
  await write(0, marked(0x10, record(next(here), 'in a transaction')))
  expect(await payloads((await serve(1)).connect(7), 0)).toEqual(['in a transaction'])
})

test('foreign records in the wrong queue are moved in their order, also those that memory has no room for', async () => {
  const { write, serve } = await owner()
  const payload = 'x'.repeat(100_000)
  const count = Math.ceil((2 * rerouterLimits.waitingBytesMax) / payload.length)
  const topic = next(elsewhere)
  for (let i = 0; i < count; i++) await write(0, encodeBatch([record(topic, `${i}/${payload}`)]))
  const { ownership } = await serve(1)
  const moved = ownership.get(1)
  await expect.poll(() => moved?.position, { timeout: 10_000 }).toBe(count - 1)
  const { messages } = (await moved?.past.messagesFrom(0)) ?? { messages: [] }
  const numbers = messages.map(({ body }) => Number(/(\d+)\/x/.exec(body.toString('latin1'))?.[1]))
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => (numbers[0] ?? 0) + i))
  expect(ownership.get(0)?.state.voidPositions.size).toBe(0)
})

test('the next owner moves what the one before had not, though its snapshot was later', async () => {
  const { write, serve } = await owner()
  await write(0, encodeBatch([record(next(elsewhere), 'waits'), record(next(here), 'stays')]))
  // The other queue has no owner yet.
  const first = await serve(1, [0])
  await snapshotOf(first, 0)
  first.ownership.stop()
  const second = await serve(2)
  await expect.poll(() => second.ownership.get(1)?.position).toBe(0)
  expect(await payloads(second.connect(7), 1)).toEqual(['waits'])
})
