import { encodeBody } from '@tern/record'
import { expect, test } from 'vitest'
import { type Message, ringLimits, TailRing } from './tail-ring.ts'

const message = (position: number, timeMs = 0, bytes = 100): Message => {
  const topic = `t/${position}`
  return { position, timeMs, topic, body: encodeBody(Buffer.from(topic), Buffer.alloc(bytes, position), []) }
}

function positions(ring: TailRing, from: number): number[] {
  const found: number[] = []
  ring.from(from, ({ position }) => found.push(position) > 0)
  return found
}

test('gives messages as they were added, from any position on, across holes and blocks', () => {
  const ring = new TailRing(0)
  const added = Array.from({ length: 2_000 }, (_, i) => message(i * 2, i))
  for (const each of added) ring.add(each)
  for (const from of [0, 1, 1_023, 1_024, 3_997, 3_998]) {
    const found: Message[] = []
    ring.from(from, (each) => found.push(each) > 0)
    expect(found).toEqual(added.filter(({ position }) => position >= from))
  }
  expect(positions(ring, 4_000)).toEqual([])
})

test('goes no further than it is asked to', () => {
  const ring = new TailRing(0)
  for (let i = 0; i < 10; i++) ring.add(message(i))
  const found: number[] = []
  ring.from(3, ({ position }) => found.push(position) < 2)
  expect(found).toEqual([3, 4])
})

test('forgets the oldest beyond its bytes, and says from where on it has all', () => {
  const ring = new TailRing(0)
  const bytes = 64 * 1024
  const count = (3 * ringLimits.bytes) / bytes
  for (let i = 0; i < count; i++) ring.add(message(i, 0, bytes))
  expect(positions(ring, 0)).toEqual(Array.from({ length: count - ring.start }, (_, i) => ring.start + i))
  expect(count - ring.start).toBeGreaterThan(ringLimits.bytes / bytes - 2)
  expect(count - ring.start).toBeLessThanOrEqual(ringLimits.bytes / bytes)
})

test('forgets what is past its age', () => {
  const ring = new TailRing(0)
  ring.add(message(0, 0))
  ring.age(ringLimits.ageMs)
  expect(positions(ring, 0)).toEqual([0])
  ring.age(ringLimits.ageMs + 1)
  expect(positions(ring, 0)).toEqual([])
  expect(ring.start).toBe(1)
})

test('keeps the newest message, however large it is', () => {
  const ring = new TailRing(0)
  ring.add(message(0))
  ring.add(message(1, 0, ringLimits.bytes + 1))
  expect(positions(ring, 0)).toEqual([1])
})
