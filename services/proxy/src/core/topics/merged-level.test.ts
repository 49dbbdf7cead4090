import { topicCount } from '@tern/proto'
import { expect, test } from 'vitest'
import { childPath, mergedLevel, orders, topicNode } from './merged-level.ts'

const node = (name: string, fields: Partial<topicCount.LevelNode> = {}) =>
  topicCount.LevelNode.create({ name, ...fields })
const part = (fields: Partial<topicCount.LevelPart>) => topicCount.LevelPart.create(fields)

test('what the queues counted of a level is added up, child by child', () => {
  const merged = mergedLevel([
    part({
      level: node('', { messages: 3 }),
      children: [node('a', { messages: 1, leaves: 2, lastPublishMs: 5 })],
      countedSinceMs: 10,
    }),
    part({
      level: node('', { messages: 4 }),
      children: [node('a', { messages: 3, branches: 1, retained: true, lastPublishMs: 9 }), node('b', { messages: 1 })],
      countedSinceMs: 20,
    }),
    part({}),
  ])
  expect(merged).toMatchObject({ level: { messages: 7 }, total: 2, approximate: false, countedSinceMs: 20 })
  expect(merged.children).toMatchObject([
    { name: 'a', messages: 4, leaves: 2, branches: 1, retained: true, lastPublishMs: 9 },
    { name: 'b', messages: 1 },
  ])
})

test('of crowded levels it is said about how many children there are', () => {
  const registers = (seed: number) => Uint8Array.from({ length: 1_024 }, (_, i) => 7 + ((i * seed) % 3))
  const one = mergedLevel([part({ children: [node('a')], approximate: true, registers: registers(5) })])
  const both = mergedLevel([
    part({ children: [node('a')], approximate: true, registers: registers(5) }),
    part({ children: [node('b')], approximate: true, registers: registers(7) }),
  ])
  expect(one.approximate).toBe(true)
  expect(one.total).toBeGreaterThan(100_000)
  expect(both.total).toBeGreaterThanOrEqual(one.total)
  expect(both.total).toBeLessThan(2 * one.total)
})

test('children are in the order of their rate, their bytes or their names', () => {
  const nodes = [
    node('b', { messagesPerSecond: 1, bytes: 9 }),
    node('a', { messagesPerSecond: 2, bytes: 1 }),
    node('c', { messagesPerSecond: 2, bytes: 5, messages: 4 }),
  ]
  const names = (order: keyof typeof orders) => nodes.toSorted(orders[order]).map(({ name }) => name)
  expect([names('rate'), names('bytes'), names('name')]).toEqual([
    ['c', 'a', 'b'],
    ['b', 'c', 'a'],
    ['a', 'b', 'c'],
  ])
})

test('a path leads to each child, also below a first level without a name', () => {
  expect([
    childPath('', 'a'),
    childPath('a', 'b'),
    childPath('', ''),
    childPath('/', 'a'),
    childPath('/a', 'b'),
  ]).toEqual(['a', 'a/b', '/', '/a', '/a/b'])
  expect(topicNode(node('x', { leaves: 1, branches: 2 }), 'a/x')).toMatchObject({ name: 'x', path: 'a/x', children: 3 })
})
