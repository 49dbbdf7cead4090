import { expect, test } from 'vitest'
import type { InFlight } from '../delivery/in-flight.ts'
import type { Outgoing } from '../delivery/outgoing.ts'
import { Leases } from './leases.ts'

test('the oldest message that is out is the one that was stored first, not the one that left first', () => {
  const leases = new Leases()
  const begin = (packetId: number, timeMs: number) =>
    leases.begin({ bytes: 1, source: { timeMs } } as Outgoing, { packetId, attempt: 0 } as InFlight, [], 0, 0)
  expect(leases.oldestMs).toBeUndefined()
  begin(1, 200)
  begin(2, 100)
  begin(3, 300)
  expect(leases.oldestMs).toBe(100)
  leases.end(2)
  expect(leases.oldestMs).toBe(200)
})
