import { expect, test } from 'vitest'
import { applyControl, deathsMax } from './apply-control.ts'
import {
  assigned,
  claimed,
  died,
  drainChanged,
  fold,
  joined,
  provisioned,
  type Recorded,
  region,
} from './control.fixture.ts'

test('the first claim of a term in log order wins, and later ones of it are void', () => {
  const { leader } = fold([claimed(1, 'ns-a'), claimed(1, 'ns-b')])
  expect(leader).toEqual({ term: 1, claim: 0, nameserver: 'ns-a', zone: 'zone of ns-a' })
})

test('a claim of a higher term deposes, and one of a lower term never does', () => {
  const records = [claimed(1, 'ns-a'), claimed(3, 'ns-b'), claimed(2, 'ns-c')]
  expect(fold(records).leader).toMatchObject({ term: 3, claim: 1, nameserver: 'ns-b' })
})

test('a decision counts only under the newest claim', () => {
  const deposed = [...region(4, ['az-a', 'az-b']), claimed(2, 'ns-b')]
  const late: Recorded[] = [joined(0, 'late'), died(0, 2), assigned(0, 0, 2), drainChanged(0, 3, true)]
  const state = fold([...deposed, ...late])
  expect(state).toEqual({ ...fold(deposed), through: 8 })
  expect(fold([...deposed, ...late.map((record) => ({ ...record, claim: 4 }))])).toMatchObject({
    members: new Map([
      [3, expect.objectContaining({ draining: true })],
      [5, expect.objectContaining({ nonce: 'late' })],
    ]),
    dead: new Set([2]),
  })
})

test('a decision under a claim that lost is void, also before the next one', () => {
  const state = fold([claimed(1, 'ns-a'), claimed(1, 'ns-b'), joined(1, 'x')])
  expect(state.members.size).toBe(0)
})

test('an Assign is the epoch of its queue, so that each is higher than all before', () => {
  const state = fold([...region(4, ['az-a', 'az-b']), assigned(0, 1, 2), assigned(0, 1, 3)])
  expect(state.routes).toEqual(new Map([[1, { queue: 1, broker: 3, epoch: 5 }]]))
})

test('an Assign to a broker whose death stands before it is void', () => {
  const records = [...region(4, ['az-a', 'az-b']), assigned(0, 1, 2), died(0, 3), assigned(0, 1, 3)]
  expect(fold(records).routes.get(1)).toEqual({ queue: 1, broker: 2, epoch: 4 })
})

test('an Assign to a proxy, or of a queue that the region does not have, is void', () => {
  const records = [...region(4, ['az-a']), joined(0, 'proxy', 'az-a', 'PROXY'), assigned(0, 0, 3), assigned(0, 4, 2)]
  expect(fold(records).routes.size).toBe(0)
})

test('the number of queues is written once', () => {
  expect(fold([provisioned(12), provisioned(48)]).queues).toBe(12)
})

test('a run joins once, also when two leaders saw its Hello, and never again after its death', () => {
  const state = fold([claimed(1, 'ns-a'), joined(0, 'x'), joined(0, 'x'), died(0, 1), joined(0, 'x')])
  expect(state.incarnations).toEqual(new Map([['x', 1]]))
  expect(state.members.size).toBe(0)
})

test('the death of one who is not there says nothing', () => {
  const state = fold([claimed(1, 'ns-a'), died(0, 77)])
  expect(state.dead.size).toBe(0)
})

test('deaths and their nonces are remembered up to a limit, the oldest forgotten first', () => {
  const records: Recorded[] = [claimed(1, 'ns-a')]
  for (let i = 0; i <= deathsMax; i++) records.push(joined(0, `run-${i}`), died(0, 1 + 2 * i))
  const state = fold(records)
  expect(state.dead.size).toBe(deathsMax)
  expect(state.incarnations.size).toBe(deathsMax)
  expect(state.dead.has(1)).toBe(false)
  expect(state.incarnations.has('run-0')).toBe(false)
  expect(state.incarnations.get('run-1')).toBe(3)
})

test('a record that says nothing keeps its place', () => {
  expect(fold([claimed(1, 'ns-a'), { claim: 0, event: undefined }])).toMatchObject({ through: 1, leader: { term: 1 } })
})

test('a state with a hole before it is no state', () => {
  expect(applyControl(fold([claimed(1, 'ns-a')]), 2, claimed(2, 'ns-b'))).toBeUndefined()
})
