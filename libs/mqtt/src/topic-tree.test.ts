import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matches } from './topic-filter.ts'
import { TopicTree } from './topic-tree.ts'

const level = fc.constantFrom('', 'a', 'b', '$a', '__proto__', 'constructor')
const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, all]) => (all ? [...levels, '#'] : levels).join('/'))
const anyFilter = fc.oneof(filter, fc.constant('#'))
const step = fc.record({ add: fc.boolean(), filter: anyFilter, value: fc.integer({ min: 0, max: 2 }) })

const found = (tree: TopicTree<number>, name: string): number[] => {
  const values: number[] = []
  tree.match(name, (value) => values.push(value))
  return values.sort((a, b) => a - b)
}

test('[MQTT5-4.7.2-1] whatever was added and removed, a topic finds the values of the filters that match it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(topic, { minLength: 1 }), (steps, names) => {
      const tree = new TopicTree<number>()
      const model = new Set<string>()
      for (const { add, filter: text, value } of steps) {
        const pair = JSON.stringify([text, value])
        expect(add ? tree.add(text, value) : tree.remove(text, value)).toBe(add ? !model.has(pair) : model.has(pair))
        if (add) model.add(pair)
        else model.delete(pair)
        expect(tree.size).toBe(model.size)
      }
      const pairs = [...model].map((pair) => JSON.parse(pair) as [string, number])
      for (const name of names) {
        const expected = pairs.filter(([text]) => matches(text, name)).map(([, value]) => value)
        expect(found(tree, name), name).toEqual(expected.sort((a, b) => a - b))
      }
    }),
    { numRuns: 1_000 },
  )
})

test('a tree from which all was removed holds nothing', () => {
  const tree = new TopicTree<number>()
  const filters = ['a', 'a/+', 'a/#', '#', '+', '+/+/#', 'a/b/c/+']
  for (const text of filters) tree.add(text, 1)
  expect(tree.isEmpty).toBe(false)
  for (const text of filters) expect(tree.remove(text, 1), text).toBe(true)
  expect(tree.isEmpty).toBe(true)
  expect(JSON.stringify(tree)).toBe(JSON.stringify(new TopicTree<number>()))
})

test('a topic with more levels than any filter is matched without deep recursion', () => {
  const tree = new TopicTree<number>()
  tree.add('#', 1)
  tree.add('+/+', 2)
  expect(found(tree, '/'.repeat(65_535))).toEqual([1])
})

test('a hundred thousand filters of thirty levels that mix + cost at most the branches there are', {
  timeout: 60_000,
}, () => {
  const tree = new TopicTree<number>()
  // The seventeen lowest bits choose `+` or `x` for a level; the last level fits no topic, so that all is walked in vain.
  for (let bits = 0; bits < 100_000; bits++) {
    const levels = Array.from({ length: 29 }, (_, i) => (i < 17 && (bits >> i) & 1 ? '+' : 'x'))
    tree.add([...levels, 'no'].join('/'), bits)
  }
  const name = Array.from({ length: 30 }, () => 'x').join('/')
  const before = performance.now()
  expect(found(tree, name)).toEqual([])
  // About 40 ms here; a search whose cost multiplied with each level would take minutes.
  expect(performance.now() - before).toBeLessThan(5_000)
})
