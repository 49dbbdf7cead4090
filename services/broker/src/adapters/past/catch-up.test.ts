import { createMemoryLog, type Log, LogError, ternTopics } from '@tern/log'
import { matches } from '@tern/mqtt'
import { type deliver, envelope } from '@tern/proto'
import { encodeBatch, readBody, unpack } from '@tern/record'
import { type Logger, systemClock } from '@tern/runtime'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { blockPositions } from '../../core/block-summary/block-summary.ts'
import { BrokerCounters } from '../../core/counters.ts'
import { QueueState } from '../../core/queue/queue-state.ts'
import { bodyOf, region } from '../link/link.fixture.ts'
import { readAnswer } from '../link/reads.ts'
import { CatchUpMeter, reportEveryMs } from './catch-up-meter.ts'
import { PageCache } from './page-cache.ts'
import { QueuePast } from './queue-past.ts'

// Long logs: a machine that does other work beside takes its time.
vi.setConfig({ testTimeout: 30_000 })

const longAfter = 2 ** 50
const limits = { recordsMax: 256, bytesMax: 128 * 1024 }
const everywhere = (filter: string) => [{ filter, start: -1 }]

type Judged = Readonly<{ position: number; topic: string | undefined }>

/** One queue and what its owner keeps of the past; a record with an old sequence is void. */
async function oneQueue(pageCacheBytes?: number) {
  const log = createMemoryLog({ now: () => 1_000 })
  await log.provision(ternTopics(1))
  const state = new QueueState(0)
  const records: Judged[] = []
  const counted = { reads: 0, bytes: 0, away: false }
  const reading: Log = {
    ...log,
    read: async (...asked) => {
      counted.reads++
      if (counted.away) throw new LogError('unknown', 'the log is away')
      const result = await log.read(...asked)
      counted.bytes += result.batches.length
      return result
    },
  }
  const begin = () => {
    const meter = new CatchUpMeter(new BrokerCounters())
    return new QueuePast({
      queue: 0,
      log: reading,
      state,
      belongsHere: () => true,
      pages: new PageCache(pageCacheBytes),
      meter,
    })
  }
  const world = {
    ...{ log, state, records, counted, past: begin() },
    /** Each as its topic; undefined stands for a repetition, which is void. */
    async append(topics: readonly (string | undefined)[], payload = 'x') {
      const bodies = topics.map((topic, i) => {
        const sequence = topic === undefined ? 1 : records.length + i + 2
        return bodyOf(topic ?? 'void', payload, { producer: 7, sequence })
      })
      const { baseOffset, appendTimeMs: timeMs } = await log.append('tern.messages', 0, encodeBatch(bodies))
      for (const [i, body] of bodies.entries()) {
        const position = baseOffset + i
        const record = envelope.Envelope.create({ producer: 7, sequence: topics[i] === undefined ? 1 : position + 2 })
        const topic = state.apply(position, record) === 'live' ? String(readBody(body, 0, body.length).key) : undefined
        if (topic === undefined) world.past.passOver(position, body.length)
        else world.past.add({ position, timeMs, topic, body }, record.clientId)
        records.push({ position, topic })
      }
    },
    /** The next owner: nothing of the past is in memory. */
    takeOver() {
      world.past = begin()
    },
    async trim(before: number) {
      await log.trim('tern.messages', 0, before)
      world.past.forgetBelow(before)
      state.forgetBelow(before)
    },
    read: (from: number, filters: deliver.ReadFilter[]) =>
      readAnswer(world, { id: 1, queue: 0, from, filters, ...limits }),
  }
  await world.append(['first'])
  return world
}

type World = Awaited<ReturnType<typeof oneQueue>>

/** Reads as a session does, to the end; the ranges must follow one another. */
async function catchUp(world: World, from: number, filters: deliver.ReadFilter[]) {
  const positions: number[] = []
  const gaps: [number, number][] = []
  let answers = 0
  for (let next = from; next < world.state.next; answers++) {
    const { delivery, gap } = await world.read(next, filters)
    const { first, last, records, baseTimeMs } = delivery as deliver.Delivery
    if (gap) gaps.push([next, first])
    else expect(first).toBe(next)
    expect(last).toBeLessThan(world.state.next)
    if (!gap) expect(last).toBeGreaterThanOrEqual(next)
    for (const { position } of unpack(records, first, baseTimeMs)) {
      positions.push(position)
    }
    expect(positions.at(-1) ?? 0).toBeLessThanOrEqual(last)
    next = last + 1
  }
  return { positions, gaps, answers }
}

const foreign = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `fleet/vehicle-${(from + i) % 300}/state`)

/** A long log of others, with ten messages of its own in the middle. */
async function backlogOfOthers(blocks = 40) {
  const world = await oneQueue()
  const batch = foreign(blockPositions / 2)
  for (let i = 0; i < 2 * blocks; i++) await world.append(i === blocks ? [...batch, ...Array(10).fill('own')] : batch)
  world.past.age(longAfter)
  return world
}

test('a session with a narrow filter reads the blocks that may hold its messages, and hardly anything of the log of others', async () => {
  const world = await backlogOfOthers()
  const { positions, answers } = await catchUp(world, 0, everywhere('own'))
  expect(positions).toHaveLength(10)
  expect(answers).toBeLessThan(5)
  const narrow = world.counted.bytes
  world.takeOver()
  await catchUp(world, 0, everywhere('own'))
  const all = world.counted.bytes - narrow
  expect(all).toBeGreaterThan(8 * narrow)
})

test('after a takeover the first who reads the past makes the summaries that serve the next', async () => {
  const world = await backlogOfOthers()
  world.takeOver()
  await catchUp(world, 0, everywhere('own'))
  const before = world.counted.bytes
  expect((await catchUp(world, 0, everywhere('own/#'))).positions).toHaveLength(10)
  expect(world.counted.bytes - before).toBeLessThan(before / 8)
})

test('an answer that passes over a long range says so, empty, in one answer', async () => {
  const world = await backlogOfOthers()
  const { delivery } = await world.read(0, everywhere('nobody/publishes/this'))
  expect(delivery).toMatchObject({ first: 0, count: 0 })
  expect(delivery?.last).toBeGreaterThanOrEqual(39 * blockPositions)
})

test('an answer costs a bounded part of the log, however much does not match', async () => {
  const world = await backlogOfOthers()
  world.takeOver()
  await world.read(0, everywhere('nobody/publishes/this'))
  expect(world.counted.bytes).toBeLessThan(2.5 * 1024 * 1024)
})

test('a hundred sessions that come back at once read the log about once', async () => {
  const world = await backlogOfOthers(30)
  world.takeOver()
  await catchUp(world, 0, everywhere('nobody/publishes/this'))
  const once = world.counted.bytes
  const all = await Promise.all(Array.from({ length: 100 }, (_, i) => catchUp(world, 100 * i, everywhere('#'))))
  for (const [i, { positions }] of all.entries()) expect(positions).toHaveLength(world.records.length - 100 * i)
  expect(world.counted.bytes - once).toBeLessThan(1.2 * once)
})

test('sessions that come back at once share reads also when no page is kept', async () => {
  const world = await oneQueue(1)
  for (let i = 0; i < 16; i++) await world.append(foreign(blockPositions / 2))
  world.takeOver()
  await catchUp(world, 0, everywhere('#'))
  const alone = world.counted.reads
  await Promise.all(Array.from({ length: 20 }, () => catchUp(world, 0, everywhere('#'))))
  expect(world.counted.reads).toBeLessThan(3 * alone)
})

test('all who wait for a log that does not answer hear of it at once, and may ask again', async () => {
  const { past, counted } = await backlogOfOthers(2)
  counted.away = true
  const outcomes = await Promise.allSettled([0, 900, 1_800].map((from) => past.messagesFrom(from)))
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(counted.reads).toBe(1)
  counted.away = false
  expect((await past.messagesFrom(900)).messages[0]?.position).toBe(900)
})

test('what catching up cost is told: bytes read of the log, delivered, and passed over', async () => {
  const world = await backlogOfOthers(20)
  await catchUp(world, 0, everywhere('own'))
  const cost = world.past.meter.take() as Record<string, number>
  expect(cost['readBytes']).toBe(world.counted.bytes)
  expect(cost['deliveredBytes']).toBeGreaterThan(10 * 20)
  expect(cost['skippedBytes']).toBeGreaterThan(15 * blockPositions * 30)
  expect(cost['readPerDelivered']).toBeCloseTo((cost['readBytes'] as number) / (cost['deliveredBytes'] as number), 1)
  expect(world.past.meter.take()).toBeUndefined()
})

test('the broker says every ten seconds what catching up cost', async () => {
  let ahead = 0
  const clock = { ...systemClock, now: () => systemClock.now() + ahead }
  let said = (_: Record<string, unknown>) => {}
  const cost = new Promise<Record<string, unknown>>((resolve) => {
    said = resolve
  })
  const line = (message: string, fields = {}) => {
    if (message === 'sessions caught up') said(fields)
  }
  const logger = { info: line, warn: line, error: line, child: (): Logger => logger }
  const { broker } = await region({ clock, logger })
  const owner = broker(1)
  await owner.own([0, 1], 10)
  const proxy = owner.connect(7)
  await proxy.append(0, 1, [bodyOf('a', 'x', { producer: 7, sequence: 1 })])
  await proxy.read(0, 0, everywhere('a'))
  ahead = reportEveryMs
  // It came from memory.
  expect(await cost).toMatchObject({ readBytes: 0, deliveredBytes: expect.any(Number), readPerDelivered: 0 })
})

const names = fc.constantFrom('a', 'a/b', 'a/b/c', 'b', 'b/c', 'c/d/e', '/a', '$s/a')
const filters = fc.constantFrom('a', 'a/b', 'a/+', 'a/#', 'b/c', '+/b', '#', 'c/#', '$s/#', 'x', 'x/#')
const step = fc.oneof(
  fc.record({
    kind: fc.constant('append' as const),
    topics: fc.array(fc.option(names, { freq: 6 }), { minLength: 1, maxLength: 6 }),
    count: fc.integer({ min: 1, max: 900 }),
  }),
  fc.record({ kind: fc.constant('age' as const) }),
  fc.record({ kind: fc.constant('takeOver' as const) }),
  fc.record({ kind: fc.constant('trim' as const), share: fc.double({ min: 0, max: 0.5, noNaN: true }) }),
  fc.record({
    kind: fc.constant('read' as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    asked: fc.array(fc.record({ filter: filters, start: fc.integer({ min: -1, max: 4_000 }) }), { maxLength: 6 }),
  }),
)

test('with summaries and shared pages a session gets what it would get from every record of the log, voids and retention included', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), async (steps) => {
      const world = await oneQueue(300_000)
      let start = 0
      for (const each of [...steps, { kind: 'read' as const, share: 0, asked: everywhere('a') }]) {
        if (each.kind === 'append') {
          const { topics, count } = each
          const drawn = Array.from({ length: count }, (_, i) => topics[i % topics.length] ?? undefined)
          await world.append(drawn, 'payload '.repeat(20))
        } else if (each.kind === 'age') world.past.age(longAfter)
        else if (each.kind === 'takeOver') world.takeOver()
        else if (each.kind === 'trim') {
          start = Math.max(start, Math.floor(each.share * world.state.next))
          await world.trim(start)
        } else {
          const from = Math.floor(each.share * world.state.next)
          const { positions, gaps } = await catchUp(world, from, each.asked)
          const isWanted = ({ topic, position }: Judged) =>
            topic !== undefined &&
            (each.asked.length === 0 ||
              each.asked.some(({ filter, start: after }) => position > after && matches(filter, topic)))
          const lowest = gaps[0]?.[1] ?? from
          const wanted = world.records.filter((record) => record.position >= lowest && isWanted(record))
          expect(positions).toEqual(wanted.map(({ position }) => position))
          // A gap is told where retention took something, and nowhere else; what is still in memory is no gap.
          for (const gap of gaps) expect(gap).toEqual([from, start])
        }
      }
    }),
    { numRuns: 100 },
  )
})
