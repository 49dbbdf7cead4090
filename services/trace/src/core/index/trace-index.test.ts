import { BlockWriter, entryKind, nameHash, readBlock } from '@tern/record'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HashedSet } from './name-set.ts'
import { indexLimits, TraceIndex } from './trace-index.ts'

const context = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }

type Told = Readonly<{ position: number; us?: number; client?: string; context?: typeof context }>

function add(index: TraceIndex, queue: number, offset: number, told: readonly Told[], lost?: [number, number]): void {
  const writer = new BlockWriter({ queue, proxy: 1, zone: 'a' })
  for (const { position, us = 1_000, client = 'c', context: given } of told) {
    writer.add(entryKind.acked, position, 1, us, us, us + 5, client, 'f', 1, 0, '', given)
  }
  const block = writer.finish(lost && { count: 1, first: lost[0], last: lost[1] })
  index.addBlock(queue, offset, block.length, readBlock(block).head)
}

test('a position is looked for only where entries of its group are', () => {
  const index = new TraceIndex({ ...indexLimits, stretchBytes: 1 })
  add(index, 3, 0, [{ position: 10 }, { position: 100_000 }])
  add(index, 3, 1, [{ position: 5_000 }])
  add(index, 4, 0, [{ position: 10 }])
  expect(index.ofPosition(3, 10).map(({ first }) => first)).toEqual([0])
  expect(index.ofPosition(3, 5_001).map(({ first }) => first)).toEqual([1])
  expect(index.ofPosition(3, 200_000)).toEqual([])
  expect(index.ofPosition(9, 10)).toEqual([])
})

test('small blocks share a stretch, up to its size and its time', () => {
  const index = new TraceIndex({ ...indexLimits, stretchSpanUs: 1_000 })
  add(index, 0, 0, [{ position: 1, us: 1_000 }])
  add(index, 0, 1, [{ position: 2, us: 1_500 }])
  add(index, 0, 2, [{ position: 3, us: 9_000 }])
  expect(index.stretches).toBe(2)
  expect(index.ofTime(0, 2_000).map(({ first, end }) => [first, end])).toEqual([[0, 2]])
  expect(index.ofTime(0, 10_000).map(({ first }) => first)).toEqual([2, 0])
})

test('when there are too many stretches the older ones are kept more coarsely, and nothing is missed', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000), { minLength: 20, maxLength: 80 }), (positions) => {
      const index = new TraceIndex({ ...indexLimits, stretchBytes: 1, stretchesBytesMax: 16 * 400 })
      for (const [offset, position] of positions.entries()) {
        add(index, 0, offset, [{ position, us: 1_000 + offset, client: `c${position}` }])
      }
      expect(index.stretches).toBeLessThanOrEqual(22)
      for (const [offset, position] of positions.entries()) {
        const found = index.ofPosition(0, position)
        expect(found.some(({ first, end }) => offset >= first && offset < end)).toBe(true)
        expect(found.some((stretch) => stretch.mayHaveName(nameHash(`c${position}`)))).toBe(true)
      }
    }),
    { numRuns: 20 },
  )
})

test('ids that clients drew lead to the records that tell of them; the oldest are forgotten first', () => {
  const index = new TraceIndex({ ...indexLimits, contextIdsMax: 2 })
  add(index, 7, 123_456, [{ position: 1, context }])
  index.addSpans(2, 9, 100, context.traceId, { fromUs: 1, toUs: 2, hasFailure: false, nameHashes: [] })
  expect(index.placesOf(context.traceId)).toEqual([
    { queue: 7, offset: 123_456 },
    { queue: 2, offset: 9 },
  ])
  for (const digit of ['a', 'b']) {
    index.addSpans(2, 9, 1, digit.repeat(32), { fromUs: 1, toUs: 2, hasFailure: false, nameHashes: [] })
  }
  expect(index.placesOf(context.traceId)).toEqual([])
  expect(index.contextIds).toBe(2)
})

test('what a proxy lost makes the traces of these positions incomplete', () => {
  const index = new TraceIndex()
  add(index, 1, 0, [], [10, 20])
  expect([9, 10, 20, 21].map((position) => index.isIncomplete(1, position))).toEqual([false, true, true, false])
  expect(index.isIncomplete(2, 10)).toBe(false)
})

test('what retention took is forgotten', () => {
  const index = new TraceIndex({ ...indexLimits, stretchBytes: 1 })
  for (let offset = 0; offset < 4; offset++) add(index, 0, offset, [{ position: offset }])
  index.forgetBelow(0, 2)
  expect(index.stretches).toBe(2)
  expect(index.ofPosition(0, 1).map(({ first }) => first)).toEqual([2, 3])
})

test('a hashed set has all that was added, and little else, also when it was made of several', () => {
  const hashes = (from: number, count: number) =>
    new Set(Array.from({ length: count }, (_, i) => nameHash(`name-${from + i}`)))
  const set = new HashedSet(hashes(0, 20))
  set.addAll(new HashedSet(hashes(20, 2_000)))
  set.addAll(new HashedSet(hashes(2_020, 3)))
  for (const hash of hashes(0, 2_023)) expect(set.has(hash)).toBe(true)
  const wrong = Array.from({ length: 1_000 }, (_, i) => set.has(nameHash(`other-${i}`))).filter(Boolean)
  expect(wrong.length).toBeLessThan(100)
})
