import { expect, test } from 'vitest'
import { client, FakeQueue, settled } from './delivery.fixture.ts'
import { InFlightTotals } from './in-flight-totals.ts'

test('what leaves to clients is counted by the QoS that it leaves at', async () => {
  const queue = new FakeQueue()
  const first = client(queue)
  first.subscribe('t', { qos: 1 })
  client(queue).subscribe('t', { qos: 0 })
  queue.publish(['zero', { qos: 0 }], ['two', { qos: 2 }])
  await settled()
  expect(queue.counters.delivered).toEqual([3, 1, 0])
  const frame = (text: string, packetId: number) => 2 + 2 + 1 + packetId + 1 + text.length
  expect(queue.counters.deliveredBytes).toEqual([2 * frame('zero', 0) + frame('two', 0), frame('two', 2), 0])
})

test('what a client is too slow for, what expired and what is too large for it are told apart', () => {
  const queue = new FakeQueue()
  const slow = client(queue)
  slow.subscribe('t')
  slow.socket.writable = false
  const small = client(queue, { packetBytesMax: 10 })
  small.subscribe('large')
  const late = client(queue)
  late.time.now = 60_000
  late.subscribe('old')
  queue.publish(
    ['x', { qos: 0 }],
    ['a text that is too large', { topic: 'large' }],
    ['x', { topic: 'old', messageExpirySeconds: 1 }],
  )
  expect(queue.counters.dropped).toEqual({ slow_client: 1, message_expired: 1, packet_too_large: 1 })
})

test('the delay of a message is from its receipt to its offer, once for each client that is offered it', () => {
  const queue = new FakeQueue()
  for (let i = 0; i < 3; i++) client(queue).subscribe('t')
  queue.now = 10_250
  queue.publish(['x', { receiveTimeMs: 10_000 }], ['nobody wants it', { receiveTimeMs: 10_000, topic: 'u' }])
  queue.publish(['of a clock that is ahead', { receiveTimeMs: 11_000 }], ['foreign', { receiveTimeMs: 0 }])
  const { publishToOffer } = queue.counters
  expect([publishToOffer.count, publishToOffer.sum]).toEqual([6, 0.75])
})

test('the oldest packet in flight is as old as it has been seen to be', async () => {
  const queue = new FakeQueue()
  const { ack, delivery, publishes, subscribe } = client(queue, { receiveMaximum: 2 })
  const look = (now: number) => {
    const totals = new InFlightTotals()
    totals.add(delivery.window, now)
    return totals
  }
  subscribe('t')
  expect(look(0)).toEqual({ packets: 0, fullWindows: 0, oldestMs: 0 })
  queue.publish('1', '2')
  expect(look(500)).toEqual({ packets: 2, fullWindows: 1, oldestMs: 0 })
  expect(look(1_500)).toEqual({ packets: 2, fullWindows: 1, oldestMs: 1_000 })
  ack('puback', publishes()[0]!.messageId!)
  await settled()
  expect(look(2_000)).toEqual({ packets: 1, fullWindows: 0, oldestMs: 0 })
})
