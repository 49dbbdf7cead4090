import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Log, openLog } from '@tern/log'
import { batches } from '@tern/record'
import { partitionOf } from '@tern/routing'
import { silentLogger, systemClock } from '@tern/runtime'
import kafkajs, { type IHeaders, type Message } from 'kafkajs'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'
import { kafkaSettings } from './kafka-settings.ts'
import { kcat, type Listener, listen, producerOf } from './open-log.fixture.ts'

const bootstrap = inject('kafkaBootstrap')
const settings = kafkaSettings(bootstrap)
const topic = `${settings.kafkaPrefix}tern.messages`
const queues = 12
const good = 'strange/good'
/** All stands in this queue, whatever its key. */
const queue = partitionOf(good, queues)
const elsewhere = 'strange/elsewhere'
const kafkaBytesMax = 1_048_588

let region: Region
let log: Log
let producer: kafkajs.Producer
let listener: Listener

beforeAll(async () => {
  region = await startRegion(settings)
  log = await openLog(settings, systemClock, silentLogger)
  producer = await producerOf(bootstrap)
  listener = await listen(region, 1, '#')
}, 120_000)
afterAll(async () => {
  await listener?.client.endAsync()
  await producer?.disconnect()
  await log?.close()
  await region?.stop()
})

/** Its offset. */
async function write(
  message: Omit<Message, 'partition'>,
  by: Pick<kafkajs.Producer, 'send'> = producer,
  compression = 0,
) {
  const sent = await by.send({ topic, acks: -1, compression, messages: [{ ...message, partition: queue }] })
  return Number(sent[0]?.baseOffset)
}

let goods = 0
async function goodArrives(): Promise<void> {
  const value = `good ${goods++}`
  await write({ key: good, value })
  await listener.arrival(value)
}

function told(): string[] {
  const folder = join(region.plan.folder, 'logs')
  const logs = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  return logs.flatMap((text) => text.split('\n')).filter((line) => line.includes('passed over'))
}

const bad =
  (key: string | Buffer | null, headers: IHeaders = {}) =>
  () =>
    write({ key, value: 'never', headers })

const strange: [string, () => Promise<number>, string][] = [
  ['without a key', bad(null), 'no key'],
  ['with an empty key', bad(''), 'no valid MQTT topic'],
  ['with + in its key', bad('a/+/b'), 'no valid MQTT topic'],
  ['with # as its key', bad('#'), 'no valid MQTT topic'],
  ['with U+0000 in its key', bad('a\0b'), 'no valid MQTT topic'],
  ['whose key is no UTF-8', bad(Buffer.from([0x61, 0xff, 0x62])), 'no valid MQTT topic'],
  ['whose key is too long', bad('k'.repeat(65_536)), 'no valid MQTT topic'],
  ['with a bad envelope', bad(good, { tern: Buffer.from('4f9a1100ff', 'hex') }), 'no envelope'],
  [
    'that is too large to be moved',
    () => write({ key: elsewhere, value: Buffer.alloc(kafkaBytesMax - 500, 'x') }),
    'too large to be moved',
  ],
]

test.each(strange)(
  'a record %s is passed over, told with its address, and the next one arrives',
  async (_, put, why) => {
    const offset = await put()
    await goodArrives()
    const address = `"tern.messages/${queue}/${offset}"`
    await expect.poll(() => told().find((line) => line.includes(address)), { timeout: 5_000 }).toContain(why)
  },
)

const unusual: [string, (value: string) => Promise<unknown>][] = [
  ['without headers', (value) => write({ key: good, value })],
  ['with headers of others', (value) => write({ key: good, value, headers: { 'ce-id': '1', empty: '' } })],
  ['in another queue than that of its topic', (value) => write({ key: elsewhere, value })],
  ['near the largest that Kafka takes', (value) => write({ key: good, value: value.padEnd(1_000_000, '.') })],
  ['compressed with gzip', (value) => write({ key: good, value }, producer, kafkajs.CompressionTypes.GZIP)],
  ...['gzip', 'snappy', 'lz4', 'zstd'].map((codec): [string, (value: string) => Promise<unknown>] => [
    `compressed with ${codec} by kcat`,
    async (value) =>
      kcat(bootstrap, ['-P', '-t', topic, '-p', String(queue), '-K:', '-z', codec], `${good}:${value}\n`),
  ]),
  ['of a transaction', (value) => inTransaction(value, 'commit')],
  // MQTT has no transactions: a queue does not wait for their ends (docs/open-log.md).
  ['of a transaction that was aborted', (value) => inTransaction(value, 'abort')],
]

async function inTransaction(value: string, end: 'commit' | 'abort'): Promise<void> {
  const transactional = await producerOf(bootstrap, {
    transactionalId: `${settings.kafkaPrefix}t`,
    idempotent: true,
    maxInFlightRequests: 1,
  })
  const transaction = await transactional.transaction()
  await write({ key: good, value }, transaction)
  await transaction[end]()
  await transactional.disconnect()
}

test.each(unusual)('a record %s arrives, and so does the next one', async (name, put) => {
  const value = `a record ${name}`.padEnd(200, '.')
  const arrived = name.includes('largest') ? value.padEnd(1_000_000, '.') : value
  await put(value)
  await listener.arrival(arrived)
  await goodArrives()
})

test('a record without a value arrives without payload', async () => {
  await write({ key: good, value: null })
  await listener.arrival('')
  await goodArrives()
})

test('Kafka stores plain what others compress, and the ends of transactions as control batches', async () => {
  const seen = new Set<string>()
  for (let next = 0; ; ) {
    const { batches: bytes } = await log.read('tern.messages', queue, next, 1024 * 1024)
    if (bytes.length === 0) break
    for (const { content, lastOffset } of batches(bytes)) {
      seen.add(content)
      next = lastOffset + 1
    }
  }
  expect(seen).toEqual(new Set(['records', 'control']))
})
