import { append } from '@tern/proto'
import { encodeBatch, encodeBody } from '@tern/record'
import { partitionOf } from '@tern/routing'
import { silentLogger } from '@tern/runtime'
import { expect, test } from 'vitest'
import { telemetryWith } from '../../core/counters.ts'
import { quotasUnlessTold } from '../../core/quotas.ts'
import type { FakeBroker } from '../link/link.fixture.ts'
import { bodyOf, type FakeProxy, recordsOf, region } from '../link/link.fixture.ts'
import { Snapshots } from './snapshots.ts'

const session = { epoch: 1, counter: 1 }
const everything = [{ filter: '#', start: -1 }]

const payloads = async (proxy: FakeProxy, queue: number, id = 1) =>
  recordsOf((await proxy.read(queue, 0, everything, id)).delivery).map(([, , payload]) => payload)

async function snapshotOf(broker: FakeBroker, queue: number): Promise<void> {
  const runner = broker.ownership.get(queue)!
  await new Snapshots(broker.homes.store(queue)!, silentLogger, telemetryWith()).write(
    runner.state,
    runner.retained.takeChanged(),
  )
}

test('the next owner knows from the snapshot what retention has taken from the log (rule 4)', async () => {
  const { log, broker } = await region()
  const first = broker(1)
  await first.own([0, 1], 10)
  const proxy = first.connect(7)
  const exchange = { qos: 2, qosTwo: { session, packetId: 5 }, connection: session }
  await proxy.append(0, 1, [
    bodyOf('a', 'kept', { producer: 7, sequence: 1, retain: true }),
    bodyOf('b', 'open', { producer: 7, sequence: 2, ...exchange }),
  ])
  await snapshotOf(first, 0)
  await log.trim('tern.messages', 0, 2)

  const second = broker(2)
  await second.own([0, 1], 20)
  const again = second.connect(7)
  // A repetition from before the snapshot is answered, and written no more; an open exchange is still known.
  const repeated = [
    bodyOf('a', 'kept', { producer: 7, sequence: 1, retain: true }),
    bodyOf('b', 'open', { producer: 7, sequence: 2, ...exchange }),
  ]
  expect(await again.append(0, 1, repeated)).toMatchObject({ verdict: append.AppendVerdict.STORED })
  expect(second.ownership.get(0)?.position).toBe(1)
  again.send({ openExchangesReads: [{ id: 1, clientId: 'c', session, queues: [0] }] })
  expect((await again.find('openExchangesAnswers')).open).toEqual([{ packetId: 5, queue: 0 }])
  again.send({ retainedReads: [{ id: 1, queue: 0, filter: '#', through: 100, afterTopic: '' }] })
  expect((await again.find('retainedAnswers')).count).toBe(1)
})

test('who reads from the past gets no void record either (rule 4)', async () => {
  const { log, broker } = await region()
  const record = (payload: string) => bodyOf('a', payload, { producer: 7, sequence: 1 })
  for (const payload of ['once', 'again']) await log.append('tern.messages', 0, encodeBatch([record(payload)]))
  const first = broker(1)
  await first.own([0, 1], 10)
  await snapshotOf(first, 0)
  const second = broker(2)
  // What lies before the snapshot is read from the log, not from memory.
  await second.own([0, 1], 20)
  expect(await payloads(second.connect(8), 0)).toEqual(['once'])
})

test('a snapshot that was not closed is not used: the one before and the log are', async () => {
  const { broker } = await region()
  const first = broker(1)
  await first.own([0, 1], 10)
  const proxy = first.connect(7)
  await proxy.append(0, 1, [bodyOf('a', 'one', { producer: 7, sequence: 1 })])
  await snapshotOf(first, 0)
  await proxy.append(0, 2, [bodyOf('a', 'two', { producer: 7, sequence: 2 })])
  const store = first.homes.store(0)!
  const torn = {
    position: 50,
    part: 0,
    parts: 2,
    closing: false,
    retainedThrough: 50,
    settledThrough: 0,
    foreignBehind: 0,
    publishersSinceMs: 0,
  }
  const lists = {
    producers: [],
    connections: [],
    wills: [],
    openExchanges: [],
    voidPositions: [],
    voidReasons: [],
    groups: [],
    publishers: [],
  }
  await store.put([['snapshot/b/0', { $case: 'snapshotPart', value: { ...torn, ...lists } }]])
  const second = broker(2)
  await second.own([0, 1], 20)
  expect(second.ownership.get(0)?.position).toBe(1)
  expect(await payloads(second.connect(7), 0)).toEqual(['one', 'two'])
})

test('a foreign record in the wrong queue is no message there and comes once to the right one (rule 5)', async () => {
  const { log, broker } = await region()
  const topic = 'foreign/topic'
  const right = partitionOf(topic, 2)
  const wrong = 1 - right
  await log.append('tern.messages', wrong, encodeBatch([encodeBody(Buffer.from(topic), Buffer.from('hello'), [])]))
  const first = broker(1)
  await first.own([0, 1], 10)
  const proxy = first.connect(7)
  proxy.send({
    interests: [{ id: 1, queue: right, add: ['#'], remove: [] }],
    attaches: [{ id: 1, queue: right, after: -1, epoch: 0 }],
  })
  await proxy.find('deliveries', ({ queue, last }) => queue === right && last === 0)
  const second = broker(2)
  await second.own([0, 1], 20)
  const again = second.connect(8)
  // What the second owner re-appends stands before what is appended now.
  await again.append(right, 1, [bodyOf('x', 'later', { producer: 8, sequence: 1 })])
  await expect.poll(() => second.ownership.get(right)!.position).toBeGreaterThanOrEqual(1)
  expect(await payloads(again, wrong, 2)).toEqual([])
  expect(await payloads(again, right, 3)).toEqual(['hello', 'later'])
})

test('a foreign record in the queue of its topic is a message like any other', async () => {
  const { log, broker } = await region()
  const topic = 'foreign/topic'
  const queue = partitionOf(topic, 2)
  await log.append('tern.messages', queue, encodeBatch([encodeBody(Buffer.from(topic), Buffer.from('hello'), [])]))
  const first = broker(1)
  await first.own([0, 1], 10)
  expect(await payloads(first.connect(7), queue)).toEqual(['hello'])
})

test('who appends is told the positions, and of a repetition that nobody knows them', async () => {
  const first = await region().then(({ broker }) => broker(1))
  await first.own([0, 1], 10)
  const proxy = first.connect(7)
  const [one, two, three] = [1, 2, 3].map((sequence) => bodyOf('a', `m${sequence}`, { producer: 7, sequence }))
  await proxy.append(0, 1, [one!, two!])
  await proxy.append(0, 2, [two!, three!])
  const places = proxy.received.flatMap(({ appendAnswers }) =>
    appendAnswers.map(({ firstSequence, count, basePosition }) => [firstSequence, count, basePosition]),
  )
  expect(places).toEqual([
    [1, 2, 0],
    [2, 1, -1],
    [3, 1, 2],
  ])
})

test.each([['from the log'], ['from a snapshot']])(
  'a retained message that was refused is refused again when its answer was lost, also by the next owner, who knows %s (D11)',
  async (source) => {
    const { log, broker } = await region({ quotas: { ...quotasUnlessTold, retainedMax: 1 } })
    const first = broker(1)
    await first.own([0, 1], 10)
    const retain = (sequence: number, topic: string) =>
      bodyOf(topic, `m${sequence}`, { producer: 7, sequence, retain: true })
    const three = [retain(1, 'a'), retain(2, 'b'), retain(3, 'a')]
    const answered = async (proxy: FakeProxy) => {
      await proxy.append(0, 1, three)
      const answers = proxy.received.flatMap(({ appendAnswers }) => appendAnswers)
      return answers.flatMap(({ count, reasonCode }) => Array<number>(count).fill(reasonCode))
    }
    expect(await answered(first.connect(7))).toEqual([0, 0x97, 0])
    expect(await answered(first.connect(7))).toEqual([0, 0x97, 0])
    if (source === 'from a snapshot') {
      await snapshotOf(first, 0)
      await log.trim('tern.messages', 0, 3)
    }
    const second = broker(2)
    await second.own([0, 1], 20)
    expect(await answered(second.connect(7))).toEqual([0, 0x97, 0])
    const proxy = second.connect(8)
    proxy.send({ retainedReads: [{ id: 1, queue: 0, filter: '#', through: 100, afterTopic: '' }] })
    const { baseTimeMs, count, records } = await proxy.find('retainedAnswers')
    expect(recordsOf({ queue: 0, first: 0, last: 0, baseTimeMs, count, records })).toEqual([[2, 'a', 'm3']])
  },
)

test('what stands on the log as retained is retained, whatever the quota of the next owner (D11)', async () => {
  const { log, broker } = await region({ quotas: { ...quotasUnlessTold, retainedMax: 1 } })
  const retain = (sequence: number) => bodyOf(`t/${sequence}`, 'kept', { producer: 7, sequence, retain: true })
  await log.append('tern.messages', 0, encodeBatch([retain(1), retain(2), retain(3)]))
  const owner = broker(1)
  await owner.own([0, 1], 10)
  const proxy = owner.connect(8)
  proxy.send({ retainedReads: [{ id: 1, queue: 0, filter: '#', through: 100, afterTopic: '' }] })
  expect((await proxy.find('retainedAnswers')).count).toBe(3)
})
