import { expect, test } from 'vitest'
import { Ledger } from './sequence.ts'

test('an acknowledged message is missing until every subscriber has it', () => {
  const ledger = new Ledger(1, 2)
  ledger.publish()
  ledger.ack(0, 0)
  expect(ledger.missing).toBe(2)
  ledger.deliver(0, 0, 0)
  expect(ledger.missing).toBe(1)
  ledger.deliver(0, 1, 0)
  expect(ledger.missing).toBe(0)
})

test('a message that was never acknowledged is not missing', () => {
  const ledger = new Ledger(1, 1)
  ledger.publish()
  ledger.publish()
  ledger.ack(0, 1)
  ledger.deliver(0, 0, 1)
  expect(ledger.missing).toBe(0)
})

test('a second copy counts as doubled, a late first copy as out of order', () => {
  const ledger = new Ledger(1, 1)
  for (const number of [0, 2, 1, 1, 0]) ledger.deliver(0, 0, number)
  expect(ledger.counts(0)).toMatchObject({ delivered: 3, doubled: 2, outOfOrder: 1 })
})
