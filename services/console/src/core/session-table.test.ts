import { expect, test } from 'vitest'
import { type Session, SessionTable, sessionCountMax, sessionIdleMax } from './session-table.ts'

const session = (id: string): Session => ({ id, user: 'admin', csrf: `csrf-${id}` })

test('a session ends after 12 hours without use, and use keeps it', () => {
  const table = new SessionTable()
  table.begin(session('a'), 0)
  expect(table.use('a', sessionIdleMax - 1)?.user).toBe('admin')
  expect(table.use('a', 2 * sessionIdleMax - 2)?.user).toBe('admin')
  expect(table.use('a', 3 * sessionIdleMax)).toBeUndefined()
  expect(table.size).toBe(0)
})

test('a look at a session does not keep it', () => {
  const table = new SessionTable()
  table.begin(session('a'), 0)
  expect(table.peek('a', sessionIdleMax - 1)).toBeDefined()
  expect(table.peek('a', sessionIdleMax)).toBeUndefined()
})

test('the number of sessions is bounded: the one idle for longest makes room', () => {
  const table = new SessionTable()
  for (let i = 0; i < sessionCountMax; i++) table.begin(session(`s${i}`), i)
  table.use('s0', sessionCountMax)
  table.begin(session('new'), sessionCountMax + 1)
  expect(table.size).toBe(sessionCountMax)
  expect(table.peek('s0', sessionCountMax + 1)).toBeDefined()
  expect(table.peek('s1', sessionCountMax + 1)).toBeUndefined()
})

test('an ended session is gone', () => {
  const table = new SessionTable()
  table.begin(session('a'), 0)
  table.end('a')
  expect(table.use('a', 1)).toBeUndefined()
})
