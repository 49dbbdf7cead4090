import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assigned, claimed, fold, joined, provisioned, type Recorded, snapshotEvent } from './control.fixture.ts'
import { type ControlState, noControlState } from './control-state.ts'

type Step = Readonly<{
  candidate: number
  act:
    | Readonly<{ kind: 'read'; records: number }>
    | Readonly<{ kind: 'claim' }>
    | Readonly<{ kind: 'join' }>
    | Readonly<{ kind: 'snapshot' }>
    | Readonly<{ kind: 'assign'; queue: number; broker: number }>
}>

const act: fc.Arbitrary<Step['act']> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read'), records: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('claim') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('join') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('snapshot') }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('assign'), queue: fc.nat({ max: 2 }), broker: fc.nat({ max: 30 }) }),
  },
)

/** What a candidate does next. Whatever it appends rests on what it has read so far, which may be far behind. */
const step: fc.Arbitrary<Step> = fc.record({ candidate: fc.nat({ max: 2 }), act })

type Written = Readonly<{ record: Recorded; by: number }>

/** Three candidates on one log. A decision is appended only by one who believes that it leads. */
function play(steps: readonly Step[]): Written[] {
  const log: Written[] = [{ record: provisioned(3), by: 0 }]
  const views: ControlState[] = [noControlState, noControlState, noControlState]
  for (const { candidate, act } of steps) {
    const view = views[candidate] ?? noControlState
    const name = `ns-${candidate}`
    const claim = view.leader?.nameserver === name ? view.leader.claim : undefined
    const write = (record: Recorded) => void log.push({ record, by: candidate })
    if (act.kind === 'read') {
      const from = view.through + 1
      const records = log.slice(from, from + act.records).map(({ record }) => record)
      views[candidate] = fold(records, from, view)
    } else if (act.kind === 'claim') {
      write(claimed((view.leader?.term ?? 0) + 1, name))
    } else if (claim === undefined) {
      // Who does not believe that it leads decides nothing.
    } else if (act.kind === 'join') {
      write(joined(claim, `run-${log.length}`))
    } else if (act.kind === 'snapshot') {
      write(snapshotEvent(view))
    } else {
      write(assigned(claim, act.queue, act.broker))
    }
  }
  return log
}

/** Who leads at each place, told without the fold: the first claim of a term higher than all before it. */
function leadersOf(log: readonly Written[]): { term: number; by: number; claim: number }[] {
  const leaders: { term: number; by: number; claim: number }[] = []
  let current = { term: 0, by: -1, claim: -1 }
  for (const [claim, { record, by }] of log.entries()) {
    const { event } = record
    if (event?.$case === 'claimed' && event.value.term > current.term) current = { term: event.value.term, by, claim }
    leaders.push(current)
  }
  return leaders
}

const steps = fc.array(step, { minLength: 20, maxLength: 120 })

test('whatever three candidates write in whatever order, every reader finds one leader for each term', () => {
  let contested = 0
  fc.assert(
    fc.property(steps, (all) => {
      const log = play(all)
      const leaders = leadersOf(log)
      const winners = new Map<number, string>()
      let state = noControlState
      for (const [offset, { record }] of log.entries()) {
        state = fold([record], offset, state)
        const { leader } = state
        const right = leaders[offset]
        expect(leader?.claim ?? -1).toBe(right?.claim)
        if (leader === undefined) continue
        expect(leader.nameserver).toBe(`ns-${right?.by}`)
        expect(winners.get(leader.term) ?? leader.nameserver).toBe(leader.nameserver)
        winners.set(leader.term, leader.nameserver)
      }
      const claims = log.filter(({ record }) => record.event?.$case === 'claimed').length
      if (claims > winners.size) contested++
    }),
    { numRuns: 500 },
  )
  // A test in which nobody ever lost would have shown nothing.
  expect(contested).toBeGreaterThan(30)
})

test('what stands in the end was written by whoever led where it stands', () => {
  let held = 0
  fc.assert(
    fc.property(steps, (all) => {
      const log = play(all)
      const leaders = leadersOf(log)
      const { routes, members } = fold(log.map(({ record }) => record))
      for (const offset of [...[...routes.values()].map(({ epoch }) => epoch), ...members.keys()]) {
        held++
        expect(log[offset]?.by).toBe(leaders[offset]?.by)
        expect(log[offset]?.record.claim).toBe(leaders[offset]?.claim)
      }
    }),
    { numRuns: 500 },
  )
  expect(held).toBeGreaterThan(30)
})

test('a reader that begins with any valid snapshot comes to what the others know', () => {
  let begun = 0
  fc.assert(
    fc.property(steps, (all) => {
      const log = play(all).map(({ record }) => record)
      const whole = fold(log)
      for (const offset of log.keys()) {
        if (fold(log.slice(0, offset + 1)).snapshots.newest !== offset) continue
        begun++
        const { snapshots, ...state } = fold(log.slice(offset), offset)
        const { snapshots: known, ...rest } = whole
        expect(state).toEqual(rest)
        expect(snapshots.newest).toBe(known.newest)
      }
    }),
    { numRuns: 500 },
  )
  expect(begun).toBeGreaterThan(30)
})
