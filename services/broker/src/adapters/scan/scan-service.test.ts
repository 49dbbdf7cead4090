import { matches } from '@tern/mqtt'
import { envelope, scan } from '@tern/proto'
import { encodeBatch, encodeBody, encodeEnvelope, unpack } from '@tern/record'
import { systemClock } from '@tern/runtime'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { blockPositions } from '../../core/block-summary/block-summary.ts'
import { BrokerCounters } from '../../core/counters.ts'
import { region } from '../link/link.fixture.ts'
import { CatchUpMeter } from '../past/catch-up-meter.ts'
import { PageCache } from '../past/page-cache.ts'
import { QueuePast } from '../past/queue-past.ts'
import { Scans, scanLimits } from './scan-service.ts'

vi.setConfig({ testTimeout: 30_000 })

type Written = Readonly<{ topic: string; payload?: string; client?: string; properties?: [string, string][] }>

const { MESSAGE, VOID, NO_MESSAGE, PASSED, FUTURE } = scan.RecordVerdict
const never = new AbortController().signal
let sequence = 1

function bodyOf({ topic, payload = 'x', client = 'c', properties = [] }: Written, isVoid = false): Buffer {
  const userProperties = properties.map(([name, value]) => ({ name, value }))
  const fields = { clientId: client, producer: 7, sequence: isVoid ? 1 : ++sequence, userProperties }
  return encodeBody(Buffer.from(topic), Buffer.from(payload), [
    ['tern', encodeEnvelope(envelope.Envelope.create(fields))],
  ])
}

/** A broker that owns both queues of a region, and what looks into them. */
async function opened() {
  const { log, broker } = await region()
  const { own, ownership } = broker(10)
  await own([0, 1], 5)
  const scans = new Scans({ ownership, log, clock: systemClock })
  const write = async (queue: number, ...bodies: Buffer[]) => {
    await log.append('tern.messages', queue, encodeBatch(bodies))
    await ownership.compareNow([queue])
  }
  await write(0, bodyOf({ topic: 'first' }))
  return {
    ...{ log, ownership, write, scans },
    /** As after a takeover from a snapshot: verdicts are known, and nothing of the past is in memory. */
    forgetPast() {
      const runner = ownership.get(0)
      if (runner === undefined) throw new Error('queue 0 is not served')
      const shared = { pages: new PageCache(), meter: new CatchUpMeter(new BrokerCounters()) }
      const past = new QueuePast({ queue: 0, log, state: runner.state, belongsHere: () => true, ...shared })
      Object.assign(runner, { past })
    },
    scan: (request: Partial<scan.ScanRequest>, signal = never) => scans.scan(scan.ScanRequest.create(request), signal),
  }
}

const positionsOf = ({ basePosition, baseTimeMs, records }: scan.ScannedPart) =>
  [...unpack(records, basePosition, baseTimeMs)].map(({ position }) => position)

type Opened = Awaited<ReturnType<typeof opened>>

/** Reads a queue to its end or beginning, page by page. */
async function readAll(world: Opened, request: Partial<scan.ScanRequest>, part: scan.ScanPart): Promise<number[]> {
  const found: number[] = []
  for (let from = part.from, pages = 0; ; pages++) {
    if (pages > 5_000) throw new Error('it does not come to an end')
    const { parts } = await world.scan({ ...request, parts: [{ ...part, from }] })
    const answer = parts[0] as scan.ScannedPart
    const page = positionsOf(answer)
    found.push(...(request.backwards ? page.reverse() : page))
    if (answer.done) return found
    expect(answer.next).not.toBe(from)
    from = answer.next
  }
}

const conditions = (fields: Partial<scan.ScanConditions>) => scan.ScanConditions.create(fields)

test('a scan finds by filter, publisher, user property, payload and time what it is asked for, forwards and backwards', async () => {
  const world = await opened()
  await world.write(0, bodyOf({ topic: 'a/1', client: 'cat', payload: 'the needle' }), bodyOf({ topic: 'a/2' }))
  await world.write(
    0,
    bodyOf({
      topic: 'needle',
      properties: [
        ['k', 'v'],
        ['k', 'w'],
      ],
    }),
    bodyOf({ topic: 'cat' }),
  )
  const found = async (fields: Partial<scan.ScanConditions>) => {
    const request = { conditions: conditions(fields) }
    const forwards = await readAll(world, request, { queue: 0, from: 0, until: undefined })
    const backwards = await readAll(world, { ...request, backwards: true }, { queue: 0, from: 99, until: undefined })
    expect(backwards.reverse()).toEqual(forwards)
    return forwards
  }
  expect(await found({ filter: 'a/+' })).toEqual([1, 2])
  expect(await found({ filter: 'a/2' })).toEqual([2])
  expect(await found({ publisherClientId: 'cat' })).toEqual([1])
  expect(await found({ payloadContains: Buffer.from('needle') })).toEqual([1])
  expect(await found({ userProperties: [{ name: 'k', value: 'w' }] })).toEqual([3])
  expect(
    await found({
      userProperties: [
        { name: 'k', value: 'v' },
        { name: 'k', value: 'x' },
      ],
    }),
  ).toEqual([])
  expect(await found({ filter: '#', fromTimeMs: Date.now() + 60_000 })).toEqual([])
  expect(await found({})).toEqual([0, 1, 2, 3, 4])
})

test('a void record is left out unless it is asked for, and told by its verdict', async () => {
  const world = await opened()
  await world.write(0, bodyOf({ topic: 'a' }), bodyOf({ topic: 'b' }, true), bodyOf({ topic: 'c' }))
  const read = (includeVoid: boolean) =>
    readAll(world, { conditions: conditions({ includeVoid }) }, { queue: 0, from: 0, until: undefined })
  const shown = [
    [0, 1, 3],
    [0, 1, 2, 3],
  ]
  expect([await read(false), await read(true)]).toEqual(shown)
  world.forgetPast()
  expect([await read(false), await read(true)]).toEqual(shown)
  const { parts } = await world.scan({
    parts: [{ queue: 0, from: 1, until: undefined }],
    conditions: conditions({ includeVoid: true }),
  })
  expect(parts[0]?.voidPositions).toEqual([2])
  const { records } = await world.scans.readRecords({ queue: 0, positions: [1, 2, 9] })
  expect(records.map(({ verdict }) => verdict)).toEqual([MESSAGE, VOID, FUTURE])
  expect(records[0]?.body).toEqual(Buffer.from(records[0]?.body ?? []))
})

test('a marker is no message, and what retention took is told from what never was', async () => {
  const world = await opened()
  const release = encodeEnvelope(envelope.Envelope.create({ endedProducer: 3 }))
  await world.write(0, encodeBody(null, null, [['tern', release]]), bodyOf({ topic: 'a' }))
  await world.log.trim('tern.messages', 0, 1)
  await world.ownership.compareNow([0])
  const { records } = await world.scans.readRecords({ queue: 0, positions: [0, 1, 2, 3] })
  expect(records.map(({ verdict }) => verdict)).toEqual([PASSED, NO_MESSAGE, MESSAGE, FUTURE])
  const { parts } = await world.scan({ parts: [{ queue: 0, from: 0, until: undefined }] })
  expect(parts[0]).toMatchObject({ gap: true, done: true, next: 3, lookedAt: 2 })
  expect(positionsOf(parts[0] as scan.ScannedPart)).toEqual([2])
})

test('queues say where they begin and end and where times lie in them; a queue of another broker is named', async () => {
  const world = await opened()
  await world.write(0, bodyOf({ topic: 'a' }))
  await world.log.trim('tern.messages', 0, 1)
  await world.ownership.compareNow([0])
  const future = Date.now() + 60_000
  const { extents } = await world.scans.locate({ queues: [0, 1, 7], timesMs: [1, future] })
  expect(extents).toEqual([
    { queue: 0, notOwner: false, start: 1, end: 2, positions: [1, 2] },
    { queue: 1, notOwner: false, start: 0, end: 0, positions: [0, 0] },
    { queue: 7, notOwner: true, start: 0, end: 0, positions: [] },
  ])
  const { parts } = await world.scan({ parts: [{ queue: 7, from: 3, until: undefined }] })
  expect(parts[0]).toMatchObject({ notOwner: true, next: 3 })
})

test('an answer keeps to the records and bytes that it has room for, but one message always fits', async () => {
  const world = await opened()
  for (let i = 0; i < 5; i++) await world.write(0, bodyOf({ topic: `t/${i}`, payload: 'p'.repeat(1_000) }))
  const page = async (request: Partial<scan.ScanRequest>) => {
    const part = { queue: 0, from: request.backwards ? 6 : 0, until: undefined }
    const { parts } = await world.scan({ conditions: conditions({ filter: 't/+' }), ...request, parts: [part] })
    return [positionsOf(parts[0] as scan.ScannedPart), parts[0]?.next]
  }
  expect(await page({ recordsMax: 2 })).toEqual([[1, 2], 3])
  expect(await page({ recordsMax: 2, backwards: true })).toEqual([[4, 5], 4])
  expect(await page({ bytesMax: 2_500 })).toEqual([[1, 2], 3])
  expect(await page({ bytesMax: 2_500, backwards: true })).toEqual([[4, 5], 4])
  expect(await page({ bytesMax: 10 })).toEqual([[1], 2])
  expect(await page({ bytesMax: 10, backwards: true })).toEqual([[5], 5])
})

test('the time at the border of what was looked at lies between what was given and what was not', async () => {
  let nowMs = 1_000
  vi.spyOn(Date, 'now').mockImplementation(() => nowMs)
  onTestFinished(() => void vi.restoreAllMocks())
  const world = await opened()
  for (nowMs = 1_001; nowMs <= 1_010; nowMs++) await world.write(0, bodyOf({ topic: 't' }))
  const border = async (backwards: boolean, from: number) => {
    const { parts } = await world.scan({ recordsMax: 3, backwards, parts: [{ queue: 0, from, until: undefined }] })
    return [parts[0]?.next, parts[0]?.timeMs]
  }
  // The record at each position was stored 1,000 ms after it.
  expect(await border(true, 11)).toEqual([8, 1_008])
  expect(await border(false, 0)).toEqual([3, 1_003])
})

test('whoever waits is told of what comes within a moment, and of nothing when nothing fits', async () => {
  const world = await opened()
  const part = { queue: 0, from: 1, until: undefined }
  const waiting = world.scan({ parts: [part], conditions: conditions({ filter: 'a' }), waitMs: 10_000 })
  await world.write(0, bodyOf({ topic: 'b' }))
  await world.write(0, bodyOf({ topic: 'a' }))
  const { parts } = await waiting
  expect(parts[0]).toMatchObject({ next: 3, count: 1 })
  const inVain = await world.scan({
    parts: [{ ...part, from: 3 }],
    conditions: conditions({ filter: 'a' }),
    waitMs: 20,
  })
  expect(inVain.parts[0]).toMatchObject({ next: 3, count: 0, done: true })
})

test('a wait is over when nobody waits any more, and when the queue goes to another broker', async () => {
  const world = await opened()
  const ended = new AbortController()
  const part = { queue: 0, from: 1, until: undefined }
  const cancelled = world.scan({ parts: [part], waitMs: 20_000 }, ended.signal)
  const moved = world.scan({ parts: [part], waitMs: 20_000 })
  ended.abort()
  expect((await cancelled).parts[0]).toMatchObject({ next: 1, count: 0 })
  world.ownership.giveUp(0)
  expect((await moved).parts[0]).toMatchObject({ notOwner: true, next: 1 })
})

test('beyond a number of calls at once the answer is to come again', async () => {
  const world = await opened()
  const one = () => world.scan({ parts: [{ queue: 0, from: 0, until: undefined }] })
  const answers = await Promise.allSettled(Array.from({ length: scanLimits.scansMax + 1 }, one))
  const refused = answers.filter(({ status }) => status === 'rejected')
  expect(refused).toHaveLength(1)
  expect(refused[0]).toMatchObject({ reason: { code: 8 } })
  expect((await one()).parts[0]).toMatchObject({ count: 1 })
})

test.each<[string, Partial<scan.ScanConditions>]>([
  ['topic', { filter: 'rare/1' }],
  ['publisher', { publisherClientId: 'rare' }],
  ['topic of a publisher', { filter: 'busy/1', publisherClientId: 'rare' }],
])(
  'an owner that has just taken over remembers what it looked through for a %s, and does not read it again',
  async (_, wish) => {
    const world = await opened()
    const blocks = 6
    for (let i = 0; i < blocks; i++) {
      const client = (k: number) => (i === 2 && k === 7 ? 'seldom' : 'often')
      const bodies = Array.from({ length: blockPositions }, (_, k) =>
        bodyOf({ topic: `busy/${k % 5}`, client: client(k) }),
      )
      await world.write(0, ...bodies)
    }
    world.forgetPast()
    const reads = vi.spyOn(world.log, 'read')
    const part = { queue: 0, from: blocks * blockPositions, until: undefined }
    const readsFor = async (backwards: boolean, from: number) => {
      reads.mockClear()
      const rare = { conditions: conditions(wish), backwards }
      expect(await readAll(world, rare, { ...part, from })).toEqual([])
      return reads.mock.calls.length
    }
    // Looked through at first, in large steps, and then taken apart while nobody asks.
    expect(await readsFor(true, blocks * blockPositions)).toBeGreaterThan(0)
    await expect.poll(() => readsFor(true, blocks * blockPositions), { timeout: 10_000 }).toBe(0)
    const seldom = { conditions: conditions({ publisherClientId: 'seldom' }), backwards: true }
    // Behind the first record, which stands alone.
    expect(await readAll(world, seldom, part)).toEqual([2 * blockPositions + 7 + 1])
    // Upwards there is the last record, whose block is not full.
    expect(await readsFor(false, 0)).toBe(1)
  },
)

const topics = ['a/1', 'a/2', 'b/1/c', 'b', '$c/1']
const record = fc.record({
  topic: fc.constantFrom(...topics),
  client: fc.constantFrom('one', 'two'),
  isVoid: fc.boolean(),
  payload: fc.constantFrom('', 'x', 'y'.repeat(300)),
})

test('pages of any size hold each record that fits once, in order, whatever was asked, from memory and from the log', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 60 }),
      fc.constantFrom('', 'a/+', '#', 'b/#', 'a/1', '+/1'),
      fc.constantFrom('', 'one'),
      fc.record({ recordsMax: fc.integer({ min: 1, max: 9 }), bytesMax: fc.integer({ min: 1, max: 900 }) }),
      fc.record({ backwards: fc.boolean(), includeVoid: fc.boolean(), forgotten: fc.boolean(), cut: fc.nat(60) }),
      async (records, filter, publisherClientId, room, { backwards, includeVoid, forgotten, cut }) => {
        const world = await opened()
        const written = (some: typeof records) => some.map((each) => bodyOf(each, each.isVoid))
        await world.write(0, ...written(records.slice(0, cut)), bodyOf({ topic: 'between', client: 'none' }))
        if (records.length > cut) await world.write(0, ...written(records.slice(cut)))
        if (forgotten) world.forgetPast()
        const wanted = records.flatMap(({ topic, client, isVoid }, i) => {
          const fits = (filter === '' || matches(filter, topic)) && (publisherClientId === '' || client === 'one')
          return fits && (includeVoid || !isVoid) ? [i + (i < cut ? 1 : 2)] : []
        })
        const request = { ...room, backwards, conditions: conditions({ filter, publisherClientId, includeVoid }) }
        const end = records.length + 2
        const bounds = { queue: 0, from: backwards ? end : 1, until: backwards ? 1 : end }
        const found = (await readAll(world, request, bounds)).filter(
          (position) => position !== Math.min(cut, records.length) + 1,
        )
        expect(backwards ? found.reverse() : found).toEqual(wanted)
      },
    ),
    { numRuns: 60 },
  )
})
