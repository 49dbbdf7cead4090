import { expect, test } from 'vitest'
import { applyControl } from './apply-control.ts'
import {
  assigned,
  claimed,
  died,
  drainChanged,
  fold,
  joined,
  type Recorded,
  region,
  snapshotEvent,
} from './control.fixture.ts'
import { noControlState } from './control-state.ts'
import { neededFrom, snapshotIsDue } from './upkeep.ts'

/** Every kind of record, with the dead and the draining. */
const before: Recorded[] = [
  ...region(3, ['az-a', 'az-b', 'az-c']),
  assigned(0, 2, 3),
  assigned(0, 0, 4),
  assigned(0, 1, 2),
  died(0, 2),
  drainChanged(0, 3, true),
  assigned(0, 1, 4),
  joined(0, 'proxy', 'az-c', 'PROXY'),
]
const state = fold(before)
const snapshot = snapshotEvent(state)
const at = before.length

test('who begins with a snapshot knows all that who read everything knows', () => {
  const after = [claimed(2, 'ns-b'), joined(12, 'late'), assigned(12, 0, 13)]
  const whole = fold([...before, snapshot, ...after])
  const begun = fold([snapshot, ...after], at)
  expect(begun).toEqual(whole)
  expect([...begun.members.keys()]).toEqual([...whole.members.keys()])
  expect([...begun.routes.keys()]).toEqual([...whole.routes.keys()])
  expect([...begun.incarnations]).toEqual([...whole.incarnations])
})

test('a valid snapshot is noted, with the one before', () => {
  const once = fold([...before, snapshot])
  expect(once.snapshots).toEqual({ newest: at, older: undefined })
  const twice = fold([snapshotEvent(once)], at + 1, once)
  expect(twice.snapshots).toEqual({ newest: at + 1, older: at })
})

test('a snapshot before which a record slipped in is void', () => {
  for (const slipped of [drainChanged(0, 3, false), { claim: 0, event: undefined }, claimed(1, 'ns-c')]) {
    expect(fold([...before, slipped, snapshot]).snapshots.newest).toBeUndefined()
  }
})

test('a snapshot of a leader that lost is void', () => {
  expect(fold([...before, claimed(2, 'ns-b'), snapshot]).snapshots.newest).toBeUndefined()
  expect(fold([...before, { ...snapshot, claim: 1 }]).snapshots.newest).toBeUndefined()
})

test('a snapshot that says something else than the records is void', () => {
  const wrong = snapshotEvent({ ...state, routes: new Map() })
  expect(fold([...before, wrong])).toEqual({ ...state, through: at })
})

test('nobody begins with anything but a snapshot', () => {
  expect(applyControl(noControlState, at, claimed(9, 'ns-b'))).toBeUndefined()
})

test('what lies before the last but one snapshot is not needed', () => {
  const once = fold([...before, snapshot])
  expect(neededFrom(once)).toBeUndefined()
  expect(neededFrom(fold([snapshotEvent(once)], at + 1, once))).toBe(at)
})

test('a snapshot is due after so many records, at once when idle, and in any case after twice as many', () => {
  expect(snapshotIsDue({ ...noControlState, through: 98 }, -1, true, 100)).toBe(false)
  expect(snapshotIsDue({ ...noControlState, through: 99 }, -1, true, 100)).toBe(true)
  expect(snapshotIsDue({ ...noControlState, through: 198 }, -1, false, 100)).toBe(false)
  expect(snapshotIsDue({ ...noControlState, through: 199 }, -1, false, 100)).toBe(true)
})

test('it is counted from the newest snapshot, or from a void attempt', () => {
  const snapshots = { newest: 1_000, older: undefined }
  expect(snapshotIsDue({ ...noControlState, through: 1_099, snapshots }, -1, true, 100)).toBe(false)
  expect(snapshotIsDue({ ...noControlState, through: 1_100, snapshots }, -1, true, 100)).toBe(true)
  expect(snapshotIsDue({ ...noControlState, through: 1_100, snapshots }, 1_050, true, 100)).toBe(false)
})
