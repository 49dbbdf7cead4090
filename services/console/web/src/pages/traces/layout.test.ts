import { expect, test } from 'vitest'
import { durationOf, marksOf, moved, rowsOf, wholeWindow } from './layout.ts'

const span = (spanId: string, parentSpanId: string, startMs: number, ms: number) => ({
  ...{ spanId, parentSpanId, name: spanId },
  startUnixNano: `${1_700_000_000_000_000_000n + BigInt(startMs) * 1_000_000n}`,
  durationNano: `${ms * 1e6}`,
})

const trace = { spans: [span('b', 'a', 5, 5), span('a', '', 0, 20), span('c', 'a', 15, 3), span('d', 'b', 6, 1)] }

test('spans stand as a tree, in time, and waits between them are found', () => {
  const rows = rowsOf(trace, new Set())
  expect(rows.map(({ span: { name }, depth, start }) => [name, depth, start])).toEqual([
    ['a', 0, 0],
    ['b', 1, 5],
    ['d', 2, 6],
    ['c', 1, 15],
  ])
  expect(rows[3]?.gapFrom).toBe(10)
  expect(durationOf(trace)).toBe(20)
})

test('what is folded hides what is below it', () => {
  expect(rowsOf(trace, new Set(['b'])).map(({ span: { name } }) => name)).toEqual(['a', 'b', 'c'])
})

test('a span whose parent is not there, or is itself, is a root; a circle ends', () => {
  const odd = { spans: [span('x', 'gone', 0, 1), span('y', 'y', 0, 1), span('p', 'q', 0, 1), span('q', 'p', 0, 1)] }
  expect(rowsOf(odd, new Set()).map(({ span: { name } }) => name)).toEqual(['x', 'y'])
})

test('the view is moved within the trace', () => {
  const closer = moved(wholeWindow, 'in')
  expect(closer.to - closer.from).toBeCloseTo(0.6)
  expect(moved(closer, 'left').from).toBeGreaterThanOrEqual(0)
  expect(moved(wholeWindow, 'out')).toEqual(wholeWindow)
  expect(moved(closer, 'right').to).toBeLessThanOrEqual(1)
})

test('the ruler has round numbers', () => {
  expect(marksOf(0, 23.4)).toEqual([0, 5, 10, 15, 20])
})
