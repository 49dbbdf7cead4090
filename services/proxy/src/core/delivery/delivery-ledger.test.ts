import { reasonCode } from '@tern/mqtt'
import { expect, test } from 'vitest'
import { client, FakeQueue, keptLedger, settled } from './delivery.fixture.ts'

function told(options: Parameters<typeof client>[1] = {}) {
  const kept = keptLedger()
  const queue = new FakeQueue()
  const made = client(queue, { ledger: kept.ledger, ...options })
  return { queue, ...made, ...kept }
}

test('each way a delivery can end is told, with the filter that brought it', async () => {
  const c = told()
  c.subscribe('t', { qos: 2 })
  c.queue.publish(['0', { qos: 0 }], ['1', { qos: 1 }], ['2', { qos: 2 }], ['3', { qos: 1 }])
  await settled()
  c.ack('puback', 1)
  c.ack('pubrec', 2)
  c.ack('pubcomp', 2)
  c.ack('puback', 3, reasonCode.quotaExceeded)
  expect(c.told()).toEqual([
    ['written', 0, 't', 1, ''],
    ['acked', 1, 't', 1, ''],
    ['acked', 2, 't', 1, ''],
    ['refused', 3, 't', 1, reasonCode.quotaExceeded],
  ])
})

test('the times of an exchange of QoS 2 are those of PUBLISH, PUBREC and PUBCOMP', async () => {
  const c = told()
  c.subscribe('t')
  c.time.us = 100
  c.queue.publish(['2', { qos: 2 }])
  c.time.us = 200
  c.ack('pubrec', 1)
  c.time.us = 300
  c.ack('pubcomp', 1)
  const { starts, middles, ends } = c.ledger.ring
  expect([starts[0], middles[0], ends[0]]).toEqual([100, 200, 300])
})

test('a fan-out has one time for all clients, so that it is one run', () => {
  const c = told()
  c.subscribe('t', { qos: 0 })
  const other = client(c.queue, { ledger: c.ledger, clientId: 'other' })
  other.subscribe('#', { qos: 0 })
  c.queue.publish('x')
  expect(c.told()).toEqual([
    ['written', 0, 't', 1, ''],
    ['written', 0, '#', 1, ''],
  ])
  expect(c.ledger.ring.starts[0]).toBe(c.ledger.ring.starts[1])
})

test('what expired, did not fit, or was not read is told with its reason', () => {
  const c = told({ packetBytesMax: 30 })
  c.subscribe('t', { qos: 1 })
  c.time.us = 5
  Object.assign(c.time, { now: 10_000 })
  c.queue.publish(['gone', { messageExpirySeconds: 1 }], ['x'.repeat(60), { qos: 1 }])
  c.socket.writable = false
  c.queue.publish(['slow', { qos: 0 }], ['wait', { qos: 1 }])
  const reasons = c.told().map(([kind, position, , , reason]) => [kind, position, reason])
  expect(reasons.slice(-3)).toEqual([
    ['dropped', 1, 'larger than the client takes'],
    ['dropped', 2, 'the client does not read'],
    ['waiting', 3, 'the client does not read'],
  ])
})

test('an acknowledgement that is waited for is told once, and what a connection leaves when it ends', () => {
  const c = told()
  c.subscribe('t', { qos: 1 })
  c.queue.publish('a', 'b')
  c.time.us = 1_000_000
  c.delivery.tick()
  expect(c.told()).toEqual([])
  c.time.us = 3_000_000
  c.delivery.tick()
  c.delivery.tick()
  c.ack('puback', 1)
  c.delivery.close()
  expect(c.told()).toEqual([
    ['pending', 0, 't', 1, ''],
    ['pending', 1, 't', 1, ''],
    ['acked', 0, 't', 1, ''],
    ['dropped', 1, 't', 1, 'the session ended with its connection'],
  ])
})

test('of a session that lasts it is an interruption, and the repetition is the next attempt', async () => {
  const c = told({ journalled: true })
  c.subscribe('t', { qos: 1 })
  c.queue.publish('a')
  const { cursor } = c.delivery
  c.delivery.close()
  const again = client(c.queue, { ledger: c.ledger, journalled: true, present: true, cursor })
  again.subscribe('t', { qos: 1, starts: [{ queue: 0, position: -1 }] })
  again.delivery.resume()
  await settled()
  again.ack('puback', 1)
  expect(c.told()).toEqual([
    ['interrupted', 0, 't', 1, 'the connection ended'],
    ['acked', 0, 't', 2, ''],
  ])
})
