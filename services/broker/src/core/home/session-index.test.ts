import { expect, test } from 'vitest'
import { type Session, unknownClient } from './client.ts'
import { SessionIndex, sessionsLookedAtMax } from './session-index.ts'

const session = (more: Partial<Session> = {}): Session => ({
  ...{ incarnation: { epoch: 1, counter: 1 }, connection: { epoch: 1, counter: 1 }, expirySeconds: 0, attempt: 0 },
  ...{ subscriptions: [], disconnectedAtMs: undefined, proxy: 1, principal: '', durable: true, ...more },
})

function indexOf(clientIds: readonly string[]): SessionIndex {
  const index = new SessionIndex()
  for (const clientId of clientIds) index.changed(clientId, unknownClient, { session: session() })
  return index
}
const page = (index: SessionIndex, more = {}) => index.page({ prefix: '', after: '', limit: 2, ...more }, () => true)

test('pages come in the order of client ids, each after the one before', () => {
  const index = indexOf(['d', 'a', 'c', 'b'])
  expect(page(index)).toEqual({ items: ['a', 'b'], next: 'b' })
  expect(page(index, { after: 'b', limit: 9 })).toEqual({ items: ['c', 'd'] })
})

test('a prefix bounds the page', () => {
  expect(page(indexOf(['a/1', 'a/2', 'a/3', 'b']), { prefix: 'a/', after: 'a/1', limit: 5 })).toEqual({
    items: ['a/2', 'a/3'],
  })
})

test('who is connected is counted, and the ended are gone', () => {
  const index = indexOf(['a', 'b'])
  index.changed('a', { session: session() }, { session: session({ disconnectedAtMs: 1 }) })
  expect([index.size, index.connected]).toEqual([2, 1])
  index.changed('b', { session: session() }, unknownClient)
  expect([index.size, index.connected, ...index.from('', '')]).toEqual([1, 0, 'a'])
})

test('a wish that nobody fulfils ends its page all the same', () => {
  const index = indexOf(Array.from({ length: sessionsLookedAtMax + 1 }, (_, at) => String(at).padStart(6, '0')))
  const { items, next } = index.page({ prefix: '', after: '', limit: 2 }, () => false)
  expect([items, next]).toEqual([[], String(sessionsLookedAtMax - 1).padStart(6, '0')])
})
