import { TopicTree } from '@tern/mqtt'
import { expect, test } from 'vitest'
import { HeldFilters, WildcardShapes } from './held-filters.ts'
import { subscriptionLimits } from './limits.ts'

const { filtersMax, shapesMax, shapesOfAllMax } = subscriptionLimits
const quotaExceeded = 0x97

/** Filter `n` of those with `a` or `+` at each of so many levels. */
const mixed = (n: number, levels: number) =>
  Array.from({ length: levels }, (_, at) => ((n >> at) & 1 ? '+' : 'a')).join('/')

function take(held: HeldFilters, filter: string): number | undefined {
  const refusal = held.refusalOf(filter)
  if (refusal === undefined) held.add(filter)
  return refusal
}

test('a session that has as many filters as it may is refused another one with 0x97, and may repeat those it has', () => {
  const held = new HeldFilters(new WildcardShapes())
  for (let i = 0; i < filtersMax; i++) expect(take(held, `f/${i}`)).toBeUndefined()
  expect(take(held, 'one/more')).toBe(quotaExceeded)
  expect(take(held, 'f/0')).toBeUndefined()
  held.delete('f/0')
  expect(take(held, 'one/more')).toBeUndefined()
})

test('wildcards at ever other levels are refused with 0x97; at levels that a filter has them at already they are not', () => {
  const held = new HeldFilters(new WildcardShapes())
  for (let n = 1; n <= shapesMax; n++) expect(take(held, mixed(n, 30))).toBeUndefined()
  expect(take(held, mixed(shapesMax + 1, 30))).toBe(quotaExceeded)
  expect(take(held, '$share/g/a/a/a/a/a/a/a/a/a/a/+')).toBe(quotaExceeded)
  for (const free of ['+/other/levels', '$share/g/+/b', 'no/wildcard', 'only/below/#']) {
    expect(take(held, free)).toBeUndefined()
  }
  held.delete(mixed(shapesMax, 30))
  expect(take(held, mixed(shapesMax + 1, 30))).toBeUndefined()
})

test('all sessions of a proxy together have so many shapes, and give back what they end with', () => {
  const everyones = new WildcardShapes()
  const sessions = Array.from({ length: shapesOfAllMax / shapesMax }, () => new HeldFilters(everyones))
  let n = 0
  for (const session of sessions)
    for (let i = 0; i < shapesMax; i++) expect(take(session, mixed(++n, 30))).toBeUndefined()
  const late = new HeldFilters(everyones)
  expect(take(late, mixed(n + 1, 30))).toBe(quotaExceeded)
  expect(take(late, mixed(n, 30))).toBeUndefined()
  late.add(mixed(n + 2, 30))
  expect(everyones.size).toBe(shapesOfAllMax + 1)
  for (const session of [late, ...sessions]) session.clear()
  expect(everyones.size).toBe(0)
})

test('of 100,000 filters of 30 levels that mix wildcards in every way, so few are taken that a publish is matched at once (S4)', () => {
  const everyones = new WildcardShapes()
  const tree = new TopicTree<string>()
  const sessions = Array.from({ length: 100 }, () => new HeldFilters(everyones))
  let taken = 0
  for (const [i, session] of sessions.entries()) {
    for (let k = 0; k < 1_000; k++) {
      const filter = `${mixed(i * 1_000 + k + 1, 29)}/none`
      if (take(session, filter) !== undefined) continue
      taken++
      tree.add(filter, filter)
    }
  }
  expect(taken).toBe(shapesOfAllMax)
  const topic = mixed(0, 30)
  const begun = performance.now()
  for (let round = 0; round < 20; round++) tree.match(topic, () => expect.unreachable())
  // Without the limit a topic costs 700 ms; this leaves room for a machine that is busy.
  expect((performance.now() - begun) / 20).toBeLessThan(100)
})
