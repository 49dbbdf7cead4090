import { control, nameserver } from '@tern/proto'
import { expect, test } from 'vitest'
import { applyControl } from './apply-control.ts'
import { assigned, claimed, died, drainChanged, region } from './control.fixture.ts'
import { noControlState } from './control-state.ts'
import { RegionEvents } from './region-events.ts'

type Recorded = control.ControlEvent

/** Batches that were appended at 1,000, 2,000 and so on. */
function told(...batches: readonly (readonly Recorded[])[]): RegionEvents {
  const events = new RegionEvents()
  let state = noControlState
  let offset = 0
  for (const [i, batch] of batches.entries()) {
    for (const record of batch) {
      const after = applyControl(state, offset, record)
      if (after === undefined) throw new Error('there is a hole')
      events.take(offset++, (i + 1) * 1_000, record, state, after)
      state = after
    }
  }
  return events
}

const all = (events: RegionEvents, more: Partial<nameserver.ListEventsRequest> = {}) =>
  events.page({ ...nameserver.ListEventsRequest.fromPartial({ limit: 100 }), ...more })
const kinds = (events: RegionEvents) => all(events).events.map(({ kind }) => kind)

/** Claim 0, queues 1, brokers 2 and 3. */
const begun = region(2, ['az-a', 'az-b'])
const owned = [assigned(0, 0, 2), assigned(0, 1, 3)]
const recovered = (claim: number): Recorded => ({
  claim,
  event: { $case: 'recovered', value: control.Recovered.fromPartial({ brokers: [2], zone: 'az-a', queues: 1 }) },
})

test('what the log decided is told, newest first; the moves of one append are one event', () => {
  const events = told(begun, owned, [drainChanged(0, 2, true)], [drainChanged(0, 2, false)])
  expect(kinds(events)).toEqual([
    ...['drain-ended', 'drain-begun', 'queues-moved', 'member-joined', 'member-joined', 'leader-changed'],
  ])
  expect(all(events, { kinds: ['queues-moved'] }).events[0]).toMatchObject({
    offset: 4,
    timeMs: 2_000,
    moves: [
      { queue: 0, from: 0, to: 2, epochAfter: 4, toZone: 'az-a' },
      { queue: 1, from: 0, to: 3, epochAfter: 5, toZone: 'az-b' },
    ],
  })
})

test('what is void is not told', () => {
  expect(kinds(told(begun, [claimed(1, 'late'), assigned(9, 0, 2), died(9, 2), recovered(9)]))).toEqual([
    ...['member-joined', 'member-joined', 'leader-changed'],
  ])
})

test('a dead broker with queues is a loss until it is told made good', () => {
  const buried = told(begun, owned, [died(0, 2), assigned(0, 0, 3)])
  expect(buried.losses(3_000)).toEqual([{ broker: 2, zone: 'az-a', queues: [0], diedAtMs: 3_000, detectionMs: 0 }])
  const again = told(begun, owned, [died(0, 2), assigned(0, 0, 3)], [recovered(0)])
  expect(again.losses(4_000)).toEqual([])
  expect(all(again).events[0]).toMatchObject({ kind: 'recovered', zone: 'az-a', offset: 8 })
})

test('the dead are shown for ten minutes', () => {
  const buried = told(begun, owned, [died(0, 2)])
  expect(buried.dead(603_000)).toMatchObject([{ incarnation: 2, zone: 'az-a', diedAtMs: 3_000 }])
  expect(buried.dead(603_001)).toEqual([])
})

test('pages go on below an event, or above it from the oldest', () => {
  const events = told(begun, owned)
  const first = all(events, { limit: 1 })
  expect(first).toMatchObject({ events: [{ kind: 'queues-moved' }], more: true })
  expect(all(events, { before: 4, limit: 1 }).events).toMatchObject([{ kind: 'member-joined', offset: 3 }])
  expect(all(events, { after: 0, limit: 2 }).events).toMatchObject([{ offset: 2 }, { offset: 3 }])
})
