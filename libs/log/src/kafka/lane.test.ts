import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setImmediate as turn } from 'node:timers/promises'
import { encodeBatch, encodeBody } from '@tern/record'
import { createLogger, systemClock } from '@tern/runtime'
import { afterEach, expect, test } from 'vitest'
import { Lane } from './lane.ts'
import { kafkaLimits } from './options.ts'
import { type ProduceRequestSignal, produceRequestSignal } from './signals.ts'
import { partitionKey } from './wire/metadata.ts'
import type { Api } from './wire/node-connection.ts'

const node = { id: 1, host: '127.0.0.1', port: 9092, rack: 'az-a' }
const topic = 'tern.messages'
const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** A lane to a node that answers when it is told, and time that passes when it is told. */
function setUp(gathering: Readonly<{ gatherMs?: number }> = {}) {
  let now = 1_000
  const due: { at: number; run: () => void }[] = []
  const clock = {
    ...systemClock,
    now: () => now,
    after(ms: number, run: () => void) {
      const entry = { at: now + ms, run }
      due.push(entry)
      return { cancel: () => void due.splice(due.indexOf(entry), 1) }
    },
  }
  const requests: ProduceRequestSignal[] = []
  const listen = (signal: unknown) => requests.push(signal as ProduceRequestSignal)
  subscribe(produceRequestSignal, listen)
  stops.push(() => unsubscribe(produceRequestSignal, listen))
  let answer: () => void = () => {}
  const appended = { code: 0, baseOffset: 0, appendTimeMs: 0, message: '' }
  const everyQueue = new Map([1, 2, 3].map((queue) => [partitionKey(topic, queue), appended]))
  const connection = {
    ask: <Answer>(_api: Api<Answer>) =>
      new Promise<Answer>((resolve) => (answer = () => resolve(everyQueue as Answer))),
    close() {},
    drop() {},
  }
  const options = { ...gathering, bootstrap: [], clock, logger: createLogger(() => {}) }
  const lane = new Lane(node, options, { again() {}, suspect() {} }, connection)
  const append = (queue: number, records = 1) =>
    new Promise((resolve, reject) => {
      const batch = encodeBatch(Array.from({ length: records }, () => encodeBody(null, Buffer.from('x'), [])))
      lane.add({ topic, partition: queue, batch, giveUpAt: now + 1_000, resolve, reject })
    })
  const pass = async (ms: number) => {
    now += ms
    for (const each of due.filter(({ at }) => at <= now)) {
      due.splice(due.indexOf(each), 1)
      each.run()
    }
    await turn()
    await turn()
  }
  const answered = async () => {
    answer()
    await turn()
  }
  return { append, answered, pass, requests }
}

test('queues that append in one turn travel in one request, and it is told how much it holds', async () => {
  const { append, pass, requests } = setUp()
  void append(1, 5)
  void append(2, 3)
  await pass(0)
  expect(requests).toEqual([{ node: '127.0.0.1:9092', batches: 2, records: 8 }])
})

test('a queue that was just answered travels in the next request, with those that gathered meanwhile', async () => {
  const { append, answered, pass, requests } = setUp()
  void append(1).then(async () => {
    // What a queue does with an answer before it appends again: some steps, all in the same turn.
    for (let step = 0; step < 10; step++) await undefined
    void append(1)
  })
  await pass(0)
  void append(2)
  void append(3)
  await pass(kafkaLimits.gatherMs)
  await answered()
  await pass(0)
  expect(requests.map(({ batches }) => batches)).toEqual([1, 3])
})

test('under load requests begin at intervals, and one that comes later does not wait', async () => {
  const { append, answered, pass, requests } = setUp()
  void append(1, 100)
  await pass(0)
  await answered()
  void append(2, 100)
  await pass(kafkaLimits.gatherMs - 1)
  expect(requests).toHaveLength(1)
  void append(3, 100)
  await pass(1)
  expect(requests.map(({ batches }) => batches)).toEqual([1, 2])
  await answered()
  await pass(kafkaLimits.gatherMs)
  void append(1)
  await pass(0)
  expect(requests).toHaveLength(3)
})

test('whoever sends one record after the other waits for a millisecond at most', async () => {
  const { append, answered, pass, requests } = setUp()
  void append(1)
  await pass(0)
  await answered()
  void append(1)
  await pass(1)
  expect(requests).toHaveLength(2)
})

test('told to gather for no time, the next request leaves in the next turn', async () => {
  const { append, answered, pass, requests } = setUp({ gatherMs: 0 })
  void append(1, 100)
  await pass(0)
  await answered()
  void append(1, 100)
  await pass(0)
  expect(requests).toHaveLength(2)
})
