import { matches } from '@tern/mqtt'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BlockSummaries, summaryLimits } from './block-summaries.ts'
import { blockPositions } from './block-summary.ts'
import { probeOfPublisher, probesOf } from './probe.ts'

const filled = (blocks: number, topicAt: (position: number) => string | undefined, bytesMax?: number) => {
  const summaries = new BlockSummaries(bytesMax)
  for (let position = 0; position < blocks * blockPositions; position++)
    summaries.add(position, topicAt(position), '', 100)
  return summaries
}
const everywhere = (filter: string) => probesOf([{ filter, start: -1 }])

test('a block that holds a topic is found by the topic, and by each wildcard filter whose literal prefix it has', () => {
  const summaries = filled(3, (position) => (position === 1_500 ? 'a/b/c' : `x/${position}`))
  for (const filter of ['a/b/c', 'a/b/c/#', 'a/b/+', 'a/+/c', 'a/#']) {
    expect(summaries.survey(0, everywhere(filter))).toMatchObject({ next: blockPositions, mayMatch: true })
  }
  for (const filter of ['a/c', 'b/#', 'a/b/d/+']) {
    expect(summaries.survey(0, everywhere(filter))).toMatchObject({ next: 3 * blockPositions })
  }
})

test('a block that holds a message of a publisher is found by it; a topic is no publisher, and a publisher no topic', () => {
  const summaries = new BlockSummaries()
  for (let position = 0; position < 3 * blockPositions; position++) {
    summaries.add(position, 'topic', position === 1_500 ? 'rare' : `device-${position}`, 100)
  }
  const foundBy = (probe: ReturnType<typeof probeOfPublisher>) => summaries.survey(0, [probe]).next
  expect(foundBy(probeOfPublisher('rare'))).toBe(blockPositions)
  expect(foundBy(probeOfPublisher(`device-${2 * blockPositions + 7}`))).toBe(2 * blockPositions)
  expect(foundBy(probeOfPublisher('topic'))).toBe(3 * blockPositions)
  expect(summaries.survey(0, everywhere('rare')).next).toBe(3 * blockPositions)
})

test('a filter without a literal prefix, and no filter at all, find every block', () => {
  const summaries = filled(1, () => 'a')
  for (const filter of ['#', '+', '+/a']) expect(summaries.survey(7, everywhere(filter)).next).toBe(7)
  expect(summaries.survey(7, probesOf([])).next).toBe(7)
})

test('blocks from before the start of a filter are passed over, and one that is cut by it is not', () => {
  const summaries = filled(3, () => 'a')
  const survey = (start: number) => summaries.survey(0, probesOf([{ filter: 'a', start }])).next
  expect([blockPositions - 2, blockPositions - 1, blockPositions].map(survey)).toEqual([
    0,
    blockPositions,
    blockPositions,
  ])
})

test('a block of which not every position was seen is read', () => {
  const summaries = new BlockSummaries()
  for (let position = 0; position < blockPositions; position++)
    if (position !== 500) summaries.add(position, 'a', '', 1)
  expect(summaries.survey(0, everywhere('b')).next).toBe(0)
  expect(summaries.survey(500, everywhere('b')).next).toBe(500)
  // From 501 on all was seen.
  expect(summaries.survey(501, everywhere('b')).next).toBe(blockPositions)
  summaries.add(500, 'b', '', 1)
  expect(summaries.survey(500, everywhere('b')).next).toBe(500)
})

test('records that are no messages let a block be passed over', () => {
  expect(filled(2, () => undefined).survey(0, everywhere('a')).next).toBe(2 * blockPositions)
})

test('how much is worth reading from a block on ends where nothing can match, and is unknown where nothing is known', () => {
  const summaries = filled(4, (position) =>
    position < 2 * blockPositions || position >= 3 * blockPositions ? 'a' : 'b',
  )
  const bytesFrom = (position: number) => summaries.survey(position, everywhere('a')).recordBytes
  expect([0, blockPositions, 3 * blockPositions].map(bytesFrom)).toEqual([
    2 * blockPositions * 100,
    blockPositions * 100,
    undefined,
  ])
})

test('a survey for very many filters goes on where the last one ended', () => {
  const summaries = filled(3, () => 'a')
  const count = summaryLimits.probesPerSurveyMax
  const probes = probesOf(Array.from({ length: count }, (_, i) => ({ filter: `b/${i}`, start: 3 * blockPositions })))
  expect(summaries.survey(0, probes)).toMatchObject({ next: blockPositions, mayMatch: false })
})

test('what retention took is not passed over: a gap must be told', () => {
  const summaries = filled(3, () => 'a')
  summaries.forgetBelow(blockPositions + 10)
  const survey = (from: number) => summaries.survey(from, everywhere('b')).next
  expect([0, blockPositions, blockPositions + 9].map(survey)).toEqual([0, blockPositions, blockPositions + 9])
  expect(survey(blockPositions + 10)).toBe(3 * blockPositions)
})

test('summaries stay within their limit, and those of the oldest blocks go first', () => {
  const bytesMax = 64 * 1024
  const summaries = filled(40, (position) => `fleet/${position}/state`, bytesMax)
  expect(summaries.bytes).toBeLessThanOrEqual(bytesMax)
  expect(summaries.survey(0, everywhere('b')).next).toBe(0)
  expect(summaries.survey(35 * blockPositions, everywhere('b')).next).toBe(40 * blockPositions)
  // An older block does not push out a newer one.
  for (let position = 0; position < blockPositions; position++)
    summaries.add(position, `fleet/${position}/state`, '', 1)
  expect(summaries.survey(0, everywhere('b')).next).toBe(0)
})

test('a summary of 1,024 different topics takes less than 5 KiB, one of few topics less than half a KiB', () => {
  const bytesOf = (topics: number) => filled(1, (position) => `fleet/vehicle-${position % topics}/state`).bytes
  expect(bytesOf(blockPositions)).toBeLessThan(5 * 1024)
  expect(bytesOf(20)).toBeLessThan(512)
})

test('topics of any length are summarised', () => {
  const long = 'x'.repeat(30_000)
  const summaries = filled(1, (position) => `${position % 2}/${long}`)
  expect(summaries.survey(0, everywhere(`0/${long}`)).next).toBe(0)
  expect(summaries.survey(0, everywhere('1/+')).next).toBe(0)
  expect(summaries.survey(0, everywhere(`2/${long}`)).next).toBe(blockPositions)
})

test('where nothing matches, about one block of a thousand is read', () => {
  const summaries = filled(1, (position) => `fleet/vehicle-${position}/state`)
  let read = 0
  for (let i = 0; i < 10_000; i++) if (summaries.survey(0, everywhere(`fleet/other-${i}/state`)).next === 0) read++
  expect(read).toBeLessThan(20)
})

const level = fc.constantFrom('', 'a', 'b', '$c', 'é', '東', '\u{1f69a}')
const topic = fc
  .array(level, { minLength: 1, maxLength: 12 })
  .map((levels) => levels.join('/'))
  .filter((text) => text !== '')
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 12 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'))
  .filter((text) => text !== '')
const end = 3 * blockPositions
const position = fc.nat(end)
/** Ranges in which the records are seen, live or by whoever reads. */
const ranges = fc.array(fc.tuple(position, fc.integer({ min: 1, max: 2_500 })), { minLength: 1, maxLength: 8 })

test('a summary never says no to what the naive matcher finds, nor to what it has not seen', () => {
  const topics = fc.array(fc.option(topic, { nil: undefined, freq: 5 }), { minLength: 1, maxLength: 40 })
  const asked = fc.array(fc.record({ filter, start: fc.integer({ min: -1, max: end }) }), { maxLength: 3 })
  fc.assert(
    fc.property(topics, asked, ranges, position, position, (drawn, filters, seen, from, start) => {
      const summaries = new BlockSummaries()
      const topicAt = (at: number) => drawn[(at * 7 + Math.floor(at / 1_000)) % drawn.length]
      const known = new Set<number>()
      for (const [first, length] of [...seen, [0, end] as const].slice(0, seen.length + (from % 2))) {
        for (let at = first; at < Math.min(end, first + length); at++) {
          summaries.add(at, topicAt(at), '', 10)
          known.add(at)
        }
      }
      if (start % 3 === 0) summaries.forgetBelow(start)
      const { next } = summaries.survey(from, probesOf(filters))
      for (let at = from; at < next; at++) {
        const found = topicAt(at)
        const wanted = (each: { filter: string; start: number }) =>
          found !== undefined && at > each.start && matches(each.filter, found)
        expect(known.has(at)).toBe(true)
        expect(filters.length === 0 || filters.some(wanted)).toBe(false)
      }
    }),
    { numRuns: 1_000 },
  )
}, 30_000)
