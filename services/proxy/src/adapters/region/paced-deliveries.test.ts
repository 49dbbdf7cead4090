import { expect, test } from 'vitest'
import { offersPerTurn, PacedDeliveries } from './paced-deliveries.ts'

/** Turns of an event loop, and what each of them covered. */
function setUp(clientsOf: (position: number) => number) {
  const turns: number[][] = [[]]
  const soon: (() => void)[] = []
  const ends: number[] = []
  let done = 0
  const paced = new PacedDeliveries({
    clock: { now: () => 0, after: () => ({ cancel() {} }), soon: (task) => void soon.push(task) },
    cover({ messages, last }) {
      turns.at(-1)?.push(...messages.map(({ position }) => position))
      ends.push(last)
      return messages.reduce((sum, { position }) => sum + clientsOf(position), 0)
    },
    done(bytes) {
      done += bytes
    },
  })
  const add = (from: number, count: number, last = from + count - 1) => {
    const messages = Array.from({ length: count }, (_, i) => {
      return { queue: 0, position: from + i, timeMs: 0, body: Buffer.alloc(0) }
    })
    paced.add({ messages, last, bytes: count })
  }
  const turn = () => {
    turns.push([])
    for (const task of soon.splice(0)) task()
  }
  return { paced, turns, ends, add, turn, soon, done: () => done }
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

test('what few want is brought out at once, up to the end of its range', () => {
  const { turns, ends, add, soon, done } = setUp(() => 1)
  add(0, 500, 600)
  add(601, 0, 700)
  expect(turns).toEqual([numbers(500)])
  expect(ends.slice(-2)).toEqual([600, 700])
  expect([soon.length, done()]).toEqual([0, 500])
})

test('what thousands want is brought out in turns of about so many offers, in its order, and acknowledged when it is done', () => {
  const clients = 4_000
  const { paced, turns, add, turn, soon, done } = setUp(() => clients)
  add(0, 500)
  add(500, 10)
  expect(paced.last).toBe(509)
  expect(done()).toBe(0)
  while (soon.length > 0) turn()
  expect(turns.flat()).toEqual(numbers(510))
  // How many want a message is known after the first ones.
  for (const covered of turns.slice(1)) expect(covered.length * clients).toBeLessThan(offersPerTurn + clients)
  expect(done()).toBe(510)
})

test('what was given up is not brought out', () => {
  const { paced, turns, add, turn } = setUp(() => offersPerTurn)
  add(0, 500)
  const covered = turns.flat().length
  paced.clear()
  turn()
  expect(turns.flat()).toHaveLength(covered)
  add(500, 1)
  expect(turns.flat().at(-1)).toBe(500)
})
