import { expect, test } from 'vitest'
import { bodyOf, type FakeBroker, region } from './adapters/link/link.fixture.ts'
import { BrokerCounters } from './core/counters.ts'
import type { Life } from './lives.ts'
import { brokerMetrics } from './metrics.ts'

/** Values of a broker's numbers by name, with their labels' values in brackets. */
function valuesOf({ telemetry, ownership, homes, links }: FakeBroker): ReadonlyMap<string, number> {
  const life: Omit<Life, 'scans' | 'inspect'> = { ownership, homes, links, logSilentMs: () => 0, stop() {} }
  const samples = brokerMetrics(telemetry.counters, () => life).snapshot()
  return new Map(
    samples.map(({ name, labels, value }) => [
      [name.replace('tern_broker_', ''), ...Object.values(labels)].join(' '),
      value,
    ]),
  )
}

test('what was appended, known already, and where the queue ends is told by the owner', async () => {
  const { broker } = await region()
  const owner = broker(1)
  await owner.own([0, 1], 10)
  const proxy = owner.connect(7)
  const record = (sequence: number) => bodyOf('a', 'x', { producer: 7, sequence })
  await proxy.append(1, 1, [record(1), record(2)])
  await proxy.append(1, 2, [record(2), record(3)])
  const values = valuesOf(owner)
  expect(values.get('append_records_total')).toBe(3)
  expect(values.get('append_batches_total')).toBe(values.get('append_duration_seconds_count'))
  expect(values.get('append_repetitions_total')).toBe(1)
  expect([values.get('queue_end 0'), values.get('queue_end 1')]).toEqual([0, 3])
  expect([values.get('queues serving'), values.get('queues opening'), values.get('links')]).toEqual([2, 0, 1])
})

test('takeovers are counted where queues come to, and losses where they go from', async () => {
  const { broker } = await region()
  const first = broker(1)
  await first.own([0, 1], 10)
  const second = broker(2)
  await second.own([0, 1], 20)
  first.ownership.giveUp(0)
  expect(valuesOf(first).get('queues_given_up_total')).toBeGreaterThan(0)
  expect(valuesOf(second).get('takeover_duration_seconds_count')).toBe(2)
  expect(valuesOf(second).get('queue_epoch 1')).toBe(20)
})

test('a proxy that does not come forward is seen to be behind', async () => {
  const { broker } = await region()
  const owner = broker(1)
  await owner.own([0], 10)
  const proxy = owner.connect(7)
  await proxy.append(0, 1, [bodyOf('a', 'x', { producer: 7, sequence: 1 })])
  const { state, dispatcher } = owner.ownership.get(0)!
  dispatcher.attach({ deliver() {} }, 0)
  expect(dispatcher.standing(state.next)).toMatchObject({ attached: 2, behind: 1 })
  expect(valuesOf(owner).get('queue_behind 0')).toBe(1)
})

test('a broker between two incarnations says what it has counted', () => {
  const counters = new BrokerCounters()
  counters.appendedRecords = 3
  counters.refused.add(0x97)
  const samples = brokerMetrics(counters, () => undefined).snapshot()
  const found = (name: string) => samples.find((each) => each.name === name)
  expect(found('tern_broker_append_records_total')?.value).toBe(3)
  expect(found('tern_broker_append_refused_total')).toMatchObject({ labels: { reason: 'quota_exceeded' }, value: 1 })
  expect(found('tern_broker_clients')).toBeUndefined()
})
