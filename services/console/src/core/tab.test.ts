import { expect, test } from 'vitest'
import { readFrame } from './frames.ts'
import { Outbox, outboxCharactersMax, outboxEventsMax } from './outbox.ts'

const topology = 'tern.v1.ClusterService/WatchTopology'
const replay = 'tern.v1.MessagingService/ReplayMessages'

test('frames of a tab are read', () => {
  expect(readFrame(`{"sub":1,"rpc":"${topology}","req":{}}`)).toEqual({
    kind: 'begin',
    sub: 1,
    rpc: topology,
    request: {},
    credit: undefined,
  })
  expect(readFrame('{"sub":1,"credit":20}')).toEqual({ kind: 'credit', sub: 1, credit: 20 })
  expect(readFrame('{"sub":1,"end":true}')).toEqual({ kind: 'end', sub: 1 })
  expect(readFrame('{"pong":7}')).toEqual({ kind: 'pong' })
})

test.each([
  '',
  '[]',
  'null',
  '{}',
  '{"sub":-1,"end":true}',
  '{"sub":1.5,"credit":1}',
  '{"sub":1,"credit":-1}',
  '{"sub":1,"credit":1e9}',
  '{"sub":1}',
  '{"sub":1,"rpc":"tern.v1.MessagingService/Publish","req":{}}',
  '{"sub":1,"rpc":"tern.broker.v1.X/WatchY","req":{}}',
  `{"sub":1,"rpc":"${topology}","req":[]}`,
  `{"sub":1,"rpc":"${topology}"}`,
])('%s is refused in words', (text) => {
  expect(typeof readFrame(text)).toBe('string')
})

test('a tab that is late gets only the newest of snapshots', () => {
  const outbox = new Outbox(topology, undefined)
  for (const event of ['1', '2', '3']) outbox.push(event)
  expect(outbox.full).toBe(false)
  expect(outbox.take()).toBe('3')
  expect(outbox.take()).toBeUndefined()
})

test('of messages nothing is left out: the box is full, and who fills it waits', () => {
  const outbox = new Outbox(replay, 0)
  for (let i = 0; i < outboxEventsMax; i++) outbox.push(`${i}`)
  expect(outbox.full).toBe(true)
  expect(outbox.take()).toBeUndefined()
  outbox.add(2)
  expect([outbox.take(), outbox.take(), outbox.take()]).toEqual(['0', '1', undefined])
  expect(outbox.full).toBe(false)
})

test('the box is bounded in bytes too', () => {
  const outbox = new Outbox(replay, undefined)
  outbox.push('x'.repeat(outboxCharactersMax))
  expect(outbox.full).toBe(true)
})
