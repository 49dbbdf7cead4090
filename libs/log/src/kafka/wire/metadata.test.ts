import { expect, test } from 'vitest'
import { newestOf } from './metadata.ts'

const leader = (node: number, epoch: number, topicId = 'one') => ({ topicId, node, epoch })
const after = (known: ReturnType<typeof leader>, heard: ReturnType<typeof leader>) =>
  newestOf(new Map([['t/0', known]]), new Map([['t/0', heard]])).get('t/0')

test('a node that does not know of a failover yet changes nothing', () => {
  expect(after(leader(2, 8), leader(1, 7))).toEqual(leader(2, 8))
  // Without a leader for now, at a newer epoch.
  expect(after(leader(-1, 8), leader(1, 7))).toEqual(leader(-1, 8))
})

test('the newer epoch counts, and so does a topic that was made anew', () => {
  expect(after(leader(1, 7), leader(2, 8))).toEqual(leader(2, 8))
  expect(after(leader(1, 7), leader(3, 0, 'another'))).toEqual(leader(3, 0, 'another'))
})

test('partitions that were not asked for stay known', () => {
  const known = new Map([['t/1', leader(1, 7)]])
  expect([...newestOf(known, new Map([['t/0', leader(2, 1)]])).keys()]).toEqual(['t/1', 't/0'])
})
