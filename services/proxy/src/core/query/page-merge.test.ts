import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PageItem, PageMerge, type QueuePlace } from './page-merge.ts'

type Stored = Readonly<{ queue: number; position: number; timeMs: number }>

/** Queues whose times only grow, as the log gives them. */
const queuesOf = (steps: readonly (readonly number[])[]): Stored[][] =>
  steps.map((queue, index) => {
    let timeMs = 1
    return queue.map((step, position) => {
      timeMs += step
      return { queue: index, position, timeMs }
    })
  })

/** Looks at a few positions, as an owner with little room does. */
function look(
  queues: Stored[][],
  { queue, next, until }: QueuePlace,
  newestFirst: boolean,
  count: number,
  hits: number,
) {
  const range = newestFirst
    ? queues[queue]!.slice(Math.max(until, next - count), next).reverse()
    : queues[queue]!.slice(next, Math.min(until, next + count))
  const items = range
    .filter(({ position }) => position % hits === 0)
    .map((item): PageItem<Stored> => ({ position: item.position, timeMs: item.timeMs, bytes: 10, item }))
  const end = newestFirst ? Math.max(until, next - count) : Math.min(until, next + count)
  return { queue, items, next: end, done: end === until, timeMs: range.at(-1)?.timeMs ?? 0 }
}

const wholeOrder = (queues: Stored[][], newestFirst: boolean, hits: number): Stored[] => {
  const all = queues.flat().filter(({ position }) => position % hits === 0)
  all.sort((a, b) => a.timeMs - b.timeMs || a.queue - b.queue || a.position - b.position)
  return newestFirst ? all.reverse() : all
}

const places = (queues: Stored[][], newestFirst: boolean): QueuePlace[] =>
  queues.map(({ length }, queue) =>
    newestFirst ? { queue, next: length, until: 0 } : { queue, next: 0, until: length },
  )

const queues = fc.array(fc.array(fc.nat(3), { maxLength: 30 }), { minLength: 1, maxLength: 5 }).map(queuesOf)

test('pages hold what the queues hold, each once, in the order of time, whatever each look gives', () => {
  fc.assert(
    fc.property(
      queues,
      fc.boolean(),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 9 }),
      (stored, newestFirst, itemsMax, hits, count) => {
        const pages: Stored[] = []
        let at = places(stored, newestFirst)
        for (let page = 0; at.length > 0; page++) {
          expect(page).toBeLessThan(200)
          const merge = new PageMerge<Stored>(at, newestFirst, { itemsMax, bytesMax: 35 })
          for (let wanted = merge.wanted(); wanted.length > 0; wanted = merge.wanted()) {
            for (const place of wanted) merge.take(look(stored, place, newestFirst, count, hits))
            merge.advance()
          }
          merge.finish()
          expect(merge.items.length).toBeLessThanOrEqual(Math.min(itemsMax, 3))
          pages.push(...merge.items)
          at = merge.places()
        }
        expect(pages).toEqual(wholeOrder(stored, newestFirst, hits))
      },
    ),
    { numRuns: 500 },
  )
})

test('when the time is used up, what was found is given rather than nothing, and nothing is given twice or lost', () => {
  fc.assert(
    fc.property(queues, fc.boolean(), fc.integer({ min: 1, max: 4 }), (stored, newestFirst, hits) => {
      const found: Stored[] = []
      let at = places(stored, newestFirst)
      for (let page = 0; at.length > 0; page++) {
        expect(page).toBeLessThan(200)
        const merge = new PageMerge<Stored>(at, newestFirst, { itemsMax: 5, bytesMax: 1_000 })
        // One look each, then the time is over.
        for (const place of merge.wanted()) merge.take(look(stored, place, newestFirst, 3, hits))
        merge.finish()
        found.push(...merge.items)
        at = merge.places()
      }
      const key = ({ queue, position }: Stored) => queue * 1_000 + position
      expect(found.map(key).sort((a, b) => a - b)).toEqual(
        wholeOrder(stored, false, hits)
          .map(key)
          .sort((a, b) => a - b),
      )
    }),
    { numRuns: 300 },
  )
})

test('a queue that gives no answer holds up nobody, and is asked again for the next page', () => {
  const stored = queuesOf([
    [1, 1],
    [1, 1],
  ])
  const merge = new PageMerge<Stored>(places(stored, false), false, { itemsMax: 10, bytesMax: 1_000 })
  const [first] = merge.wanted()
  merge.take(look(stored, first!, false, 9, 1))
  merge.leaveOut(1)
  merge.finish()
  expect(merge.items.map(({ queue }) => queue)).toEqual([0, 0])
  expect(merge.wanted()).toEqual([])
  expect(merge.places()).toEqual([{ queue: 1, next: 0, until: 2 }])
})

test('how far all queues have come is told by the one that is behind', () => {
  const stored = queuesOf([
    [1, 1, 1],
    [5, 5, 5],
  ])
  const merge = new PageMerge<Stored>(places(stored, false), false, { itemsMax: 1, bytesMax: 1_000 })
  for (const place of merge.wanted()) merge.take(look(stored, place, false, 2, 1))
  merge.finish()
  expect(merge.items).toEqual([{ queue: 0, position: 0, timeMs: 2 }])
  expect(merge.scannedTo()).toBe(3)
})
