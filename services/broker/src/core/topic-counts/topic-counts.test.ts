import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DistinctSketch } from './distinct-sketch.ts'
import { Level, minuteMs } from './level.ts'
import { TopicCounts, topicCountLimits } from './topic-counts.ts'

const all = Number.POSITIVE_INFINITY
const counted = (topics: Iterable<string>, timeMs = 1_000) => {
  const counts = new TopicCounts()
  let position = 0
  for (const topic of topics) {
    counts.note(topic, 10, timeMs, position++)
    if (position % 5_000 === 0) counts.fold(all)
  }
  counts.fold(all)
  return counts
}
const namesAt = (counts: TopicCounts, path: string) => [...(counts.find(path)?.children?.keys() ?? [])].sort()

test('each level counts all that is published below it, and knows which of its names are topics', () => {
  const counts = counted(['a/b', 'a/b', 'a/b/c', 'a', 'x/y'])
  expect(namesAt(counts, '')).toEqual(['a', 'x'])
  expect(namesAt(counts, 'a/b')).toEqual(['c'])
  expect(counts.find('a')).toMatchObject({ messages: 4, bytes: 40, isTopic: true, lastPosition: 3 })
  expect(counts.find('a/b')).toMatchObject({ messages: 3, isTopic: true, lastPosition: 1 })
  expect(counts.find('x')).toMatchObject({ messages: 1, isTopic: false, lastPosition: -1 })
  expect(counts.find('a/z')).toBeUndefined()
  expect(counts.root.messages).toBe(5)
})

test('a first level without a name is asked for by a slash', () => {
  const counts = counted(['/a/b', 'a'])
  expect(namesAt(counts, '')).toEqual(['', 'a'])
  expect(namesAt(counts, '/')).toEqual(['a'])
  expect(namesAt(counts, '/a')).toEqual(['b'])
})

test('counts are those of a plain tally while nothing is left out', () => {
  const level = fc.constantFrom('a', 'b', 'c', '')
  const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
  fc.assert(
    fc.property(fc.array(topic, { maxLength: 50 }), (topics) => {
      const counts = counted(topics)
      for (const path of ['a', 'a/b', 'b/a/c', 'c/']) {
        const below = topics.filter((each) => each === path || each.startsWith(`${path}/`))
        expect(counts.find(path)?.messages ?? 0).toBe(below.length)
      }
    }),
  )
})

test('of a level with a million children the busiest stay, and about how many there are is known', () => {
  function* topics() {
    for (let i = 0; i < 200_000; i++) {
      yield `fleet/car-${i}`
      if (i % 100 === 0) for (let busy = 0; busy < 5; busy++) yield `fleet/busy-${busy}`
    }
  }
  const counts = counted(topics())
  const fleet = counts.find('fleet')
  expect(fleet?.children?.size).toBe(topicCountLimits.childrenMax)
  for (let busy = 0; busy < 5; busy++) {
    const { messages = 0 } = counts.find(`fleet/busy-${busy}`) ?? {}
    expect(messages).toBeGreaterThan(1_900)
    expect(messages).toBeLessThanOrEqual(2_000)
  }
  expect(fleet?.messages).toBe(210_000)
  expect(estimate(fleet?.met)).toBeGreaterThan(180_000)
  expect(estimate(fleet?.met)).toBeLessThan(220_000)
})

test('whatever topics come, the tree keeps to its limits', () => {
  function* topics() {
    for (let i = 0; i < 60_000; i++) yield `${i % 900}/${i % 7_001}/${i}`
    for (let i = 0; i < 300; i++) yield `${'n'.repeat(20_000)}${i}`
    yield 'd/'.repeat(200)
    for (let i = 0; i < 20_000; i++) yield `${i % 900}/${i}${'/d'.repeat(14)}`
  }
  const counts = counted(topics())
  const size = (level: Level): number =>
    [...(level.children?.values() ?? [])].reduce((sum, each) => sum + 1 + size(each), 0)
  expect(size(counts.root)).toBeLessThanOrEqual(topicCountLimits.levelsMax)
  const depth = (level: Level): number => 1 + Math.max(0, ...[...(level.children?.values() ?? [])].map(depth))
  expect(depth(counts.root)).toBeLessThanOrEqual(topicCountLimits.depthMax + 1)
})

test('topics that cannot wait any more are left out, and it is said', () => {
  const counts = new TopicCounts()
  for (let i = 0; i <= topicCountLimits.waitingMax; i++) counts.note(`t/${i}`, 1, 1, i)
  expect(counts.incomplete).toBe(true)
  while (counts.fold(1_000));
  expect(counts.root.messages).toBe(topicCountLimits.waitingMax)
})

test('a search finds topics by any part of their name, whatever its case, up to a number', () => {
  const counts = counted(['Fleet/car-1/gps', 'fleet/car-2/gps', 'house/lamp'])
  const pathsOf = (text: string, most = 10) =>
    counts
      .search(text, most)
      .found.map(({ path }) => path)
      .sort()
  expect(pathsOf('fleet')).toEqual(['Fleet/car-1/gps', 'fleet/car-2/gps'])
  expect(pathsOf('car-1/g')).toEqual(['Fleet/car-1/gps'])
  expect(counts.search('gps', 1)).toMatchObject({ found: [expect.anything()], more: true })
  expect(pathsOf('none')).toEqual([])
})

test('a topic that is there without messages is found, too', () => {
  const counts = new TopicCounts()
  counts.seed('a/kept')
  expect(counts.find('a/kept')).toMatchObject({ isTopic: true, messages: 0 })
})

test('the rate is that of the last minute', () => {
  const level = new Level()
  const publish = (timeMs: number, messages: number) =>
    level.count({ messages, bytes: 10 * messages, timeMs, position: 0 })
  const rate = (nowMs: number, since = 0) => level.rates(nowMs, since).messages
  publish(10 * minuteMs, 60)
  expect(rate(10 * minuteMs + 10_000, 10 * minuteMs)).toBe(6)
  expect(rate(11 * minuteMs)).toBe(1)
  expect(rate(11.5 * minuteMs)).toBe(0.5)
  publish(11.5 * minuteMs, 120)
  expect(rate(11.5 * minuteMs)).toBe(2.5)
  expect(level.rates(11.5 * minuteMs, 0).bytes).toBe(25)
  publish(3 * minuteMs, 1_000)
  expect(rate(11.5 * minuteMs)).toBe(2.5)
  expect(rate(14 * minuteMs)).toBe(0)
})

function estimate(sketch: DistinctSketch | undefined): number {
  const registers = sketch?.registers ?? new Uint8Array(1)
  const sum = registers.reduce((total, register) => total + 2 ** -register, 0)
  return ((0.7213 / (1 + 1.079 / registers.length)) * registers.length ** 2) / sum
}
