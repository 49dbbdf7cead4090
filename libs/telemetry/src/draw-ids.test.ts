import { expect, test } from 'vitest'
import { idDrawing } from './draw-ids.ts'

test('ids come from the chance that was given, which is asked for many of them at once', () => {
  let asked = 0
  const { spanId, traceId } = idDrawing((bytes) => bytes.fill(0x10 + asked++))
  expect(spanId()).toBe('1010101010101010')
  expect(traceId()).toBe('10'.repeat(16))
  for (let i = 0; i < 125; i++) spanId()
  expect(asked).toBe(1)
  expect(spanId()).toBe('1111111111111111')
})

test('no id is all zero, whatever chance says', () => {
  const { spanId, traceId } = idDrawing((bytes) => bytes.fill(0))
  expect(spanId()).not.toMatch(/^0+$/)
  expect(traceId()).not.toMatch(/^0+$/)
})

test('ids that were drawn differ', () => {
  const { spanId } = idDrawing((bytes) => crypto.getRandomValues(bytes))
  expect(new Set(Array.from({ length: 1_000 }, spanId)).size).toBe(1_000)
})
