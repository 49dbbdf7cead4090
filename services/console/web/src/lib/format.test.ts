import { expect, test } from 'vitest'
import { ago, bytes, clock, count, millis, short, span, spanOf, word } from './format.ts'

test.each([
  [0, '0'],
  [3.146, '3.1'],
  [12_408, '12,408'],
  [481_234, '481k'],
  [3_200_000, '3.2M'],
  [7e9, '7G'],
])('%d is shown as %s', (value, text) => expect(short(value)).toBe(text))

test.each([
  [0.02, '20 µs'],
  [0.42, '0.4 ms'],
  [14, '14 ms'],
  [1_873, '1.9 s'],
  [180_000, '3 min'],
  [7_200_000, '2 h'],
  [432_000_000, '5 d'],
])('%d ms are shown as %s', (value, text) => expect(span(value)).toBe(text))

test('sizes have units of 1,024', () => {
  expect(bytes(512)).toBe('512 B')
  expect(bytes(1_536)).toBe('1.5 KiB')
  expect(bytes(48_000_000)).toBe('45.8 MiB')
})

test('durations of the API are read, and a missing one is none', () => {
  expect(millis('0.014s')).toBe(14)
  expect(spanOf('1.873s')).toBe('1.9 s')
  expect(spanOf(undefined)).toBeUndefined()
})

test('times of today are short, others have their date', () => {
  const noon = Date.UTC(2026, 10, 22, 12, 0, 0, 118)
  expect(clock(noon, noon, true)).toBe('12:00:00.118')
  expect(clock(noon, noon + 86_400_000, true)).toBe('2026-11-22 12:00:00')
  expect(ago(noon, noon + 400)).toBe('now')
  expect(ago(noon, noon + 12_300)).toBe('12 s ago')
})

test('words', () => {
  expect(count(1, 'queue')).toBe('1 queue')
  expect(count(1_204, 'client')).toBe('1,204 clients')
  expect(word('MEMBER_STATE_DRAINING', 'MEMBER_STATE_')).toBe('draining')
})
