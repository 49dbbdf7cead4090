import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matches } from './topic-filter.ts'
import { keysPerPageMax, TopicStore } from './topic-store.ts'

const level = fc.constantFrom('', 'a', 'b', 'a!', 'b0', '$a', 'é', '\u{1f600}', '\ufffd', 'a.b', '~')
const topics = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
const topic = topics.filter((text) => text !== '')
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, all]) => (all ? [...levels, '#'] : levels).join('/'))
  .filter((text) => text !== '')
const anyFilter = fc.oneof(filter, fc.constant('#'))

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

function readAll(store: TopicStore<number>, wanted: string, limit: number): [string, number][] {
  const found: [string, number][] = []
  for (let page = store.matching(wanted, '', limit); ; page = store.matching(wanted, page.next, limit)) {
    expect(page.entries.length).toBeLessThanOrEqual(limit)
    found.push(...page.entries)
    if (page.next === undefined) return found
  }
}

test('pages of any size together hold exactly the matching topics, in the order of their bytes', () => {
  fc.assert(
    fc.property(fc.array(topic), anyFilter, fc.integer({ min: 1, max: 5 }), (names, wanted, limit) => {
      const store = new TopicStore<number>()
      for (const [i, name] of names.entries()) store.set(name, i)
      const expected = [...new Set(names)].filter((name) => matches(wanted, name)).sort(byBytes)
      const found = readAll(store, wanted, limit)
      expect(found.map(([name]) => name)).toEqual(expected)
      for (const [name, value] of found) expect(value).toBe(names.lastIndexOf(name))
    }),
    { numRuns: 2_000 },
  )
})

test('a deleted topic is gone, and a set one has its last value', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(topic, fc.boolean())), (steps) => {
      const store = new TopicStore<number>()
      const model = new Map<string, number>()
      for (const [i, [name, put]] of steps.entries()) {
        if (put) {
          store.set(name, i)
          model.set(name, i)
        } else {
          expect(store.delete(name)).toBe(model.delete(name))
        }
        expect(store.get(name)).toBe(model.get(name))
        expect(store.size).toBe(model.size)
      }
      const visible = [...model].filter(([name]) => matches('#', name)).sort(([a], [b]) => byBytes(a, b))
      expect(readAll(store, '#', 3)).toEqual(visible)
    }),
  )
})

test('many topics stay in order through splits and joins of blocks', () => {
  const store = new TopicStore<number>()
  const count = 5_000
  for (let i = 0; i < count; i++) store.set(`t/${(i * 7919) % count}`, i)
  for (let i = 0; i < count; i += 2) store.delete(`t/${i}`)
  const expected = Array.from({ length: count / 2 }, (_, i) => `t/${2 * i + 1}`).sort(byBytes)
  expect(readAll(store, 't/+', 100).map(([name]) => name)).toEqual(expected)
})

test('a narrow filter in a large store looks only at the branches that it reaches', () => {
  const store = new TopicStore<number>()
  for (let i = 0; i < 300; i++) {
    for (let j = 0; j < 100; j++) store.set(`site/${i}/sensor/${j}`, 0)
    store.set(`site/${i}/state`, i)
  }
  // 30,300 topics, and yet one page: the sensors of a site are stepped over.
  expect(store.size).toBeGreaterThan(keysPerPageMax)
  const page = store.matching('site/+/state', '', 1_000)
  expect(page.entries).toHaveLength(300)
  expect(page.next).toBeUndefined()
})

test('a filter that matches nothing yields short pages instead of one long search', () => {
  const store = new TopicStore<number>()
  for (let i = 0; i <= keysPerPageMax; i++) store.set(`site/${i}/x`, 0)
  const page = store.matching('site/+/x/+', '', 10)
  expect(page.entries).toEqual([])
  expect(page.next).toBeDefined()
  expect(readAll(store, 'site/+/x/+', 10)).toEqual([])
})
