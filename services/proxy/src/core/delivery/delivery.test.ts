import { reasonCode } from '@tern/mqtt'
import { state } from '@tern/proto'
import { expect, test } from 'vitest'
import type { Region } from '../../ports.ts'
import { client, FakeQueue, settled } from './delivery.fixture.ts'

const { PUBLISHED, RELEASED } = state.JournalPhase

test('a subscription gets what comes after its start, and nothing from before (D2)', () => {
  const queue = new FakeQueue()
  queue.publish('before')
  const { subscribe, texts } = client(queue)
  subscribe('t')
  queue.publish('one', ['other', { topic: 'x' }], 'two')
  expect(texts()).toEqual(['one', 'two'])
})

test('what lies before the start of a filter that came later is not counted for it (D2)', () => {
  const queue = new FakeQueue()
  const { subscribe, publishes } = client(queue)
  subscribe('t', { identifier: 1 })
  queue.append('before', 'after')
  subscribe('#', { identifier: 2, starts: [{ queue: 0, position: 0 }] })
  queue.cover()
  const identifiers = publishes().map(({ properties }) => [properties?.subscriptionIdentifier].flat())
  expect(identifiers).toEqual([[1], [1, 2]])
})

test('the QoS is the lower one of message and subscription [MQTT5-3.8.4-8]', () => {
  const queue = new FakeQueue()
  const low = client(queue)
  low.subscribe('t', { qos: 0 })
  const high = client(queue)
  high.subscribe('t', { qos: 2 })
  queue.publish(['a', { qos: 2 }], ['b', { qos: 0 }])
  expect(low.publishes().map(({ qos }) => qos)).toEqual([0, 0])
  expect(high.publishes().map(({ qos }) => qos)).toEqual([2, 0])
})

test('overlapping subscriptions get one copy, with the greatest QoS and all identifiers [MQTT5-3.3.4-2] [MQTT5-3.3.4-3]', () => {
  const queue = new FakeQueue()
  const { subscribe, publishes } = client(queue)
  subscribe('t', { qos: 0, identifier: 5 })
  subscribe('#', { qos: 1, identifier: 7 })
  queue.publish('x')
  const [packet, ...more] = publishes()
  expect(more).toEqual([])
  expect(packet?.qos).toBe(1)
  expect([packet?.properties?.subscriptionIdentifier].flat().sort()).toEqual([5, 7])
})

test('who subscribes with No Local does not get what it published itself [MQTT5-3.8.3-3]', () => {
  const queue = new FakeQueue()
  const { subscribe, texts } = client(queue)
  subscribe('t', { noLocal: true })
  queue.publish(['mine', { clientId: 'subscriber' }], 'not mine')
  expect(texts()).toEqual(['not mine'])
})

test('RETAIN is kept for who asked for it as published, and cleared for others [MQTT5-3.3.1-12] [MQTT5-3.3.1-13]', () => {
  const queue = new FakeQueue()
  const cleared = client(queue)
  cleared.subscribe('t')
  const kept = client(queue)
  kept.subscribe('t', { retainAsPublished: true })
  queue.publish(['x', { retain: true }])
  expect([cleared, kept].map(({ publishes }) => publishes()[0]?.retain)).toEqual([false, true])
})

test('a message that has expired is not sent, and what is left of its life is [MQTT5-3.3.2-5] [MQTT5-3.3.2-6]', () => {
  const queue = new FakeQueue()
  const { subscribe, publishes, time } = client(queue)
  subscribe('t')
  time.now = 4_000
  queue.publish(['gone', { messageExpirySeconds: 2 }], ['left', { messageExpirySeconds: 10 }])
  expect(publishes().map(({ payload, properties }) => [String(payload), properties?.messageExpiryInterval])).toEqual([
    ['left', 6],
  ])
})

test('a message is sent for as long as two clocks may differ after its end (rule 6)', () => {
  const queue = new FakeQueue()
  const { subscribe, publishes, time } = client(queue)
  subscribe('t')
  for (time.now of [2_400, 2_600]) queue.publish([`${time.now}`, { messageExpirySeconds: 2 }])
  expect(publishes().map(({ payload, properties }) => [String(payload), properties?.messageExpiryInterval])).toEqual([
    ['2400', 0],
  ])
})

test('a packet larger than the client takes is as if it had been delivered [MQTT5-3.1.2-24] [MQTT5-3.1.2-25]', () => {
  const queue = new FakeQueue()
  const { delivery, subscribe, texts } = client(queue, { packetBytesMax: 50 })
  subscribe('t')
  queue.publish('x'.repeat(60), 'small')
  expect(texts()).toEqual(['small'])
  expect(delivery.window.count).toBe(1)
})

test('no more than Receive Maximum are in flight; the rest is read when there is room [MQTT5-3.3.4-9]', async () => {
  const queue = new FakeQueue()
  const { ack, delivery, publishes, subscribe, texts } = client(queue, { receiveMaximum: 2 })
  subscribe('t')
  queue.publish('1', '2', '3', '4', '5')
  await settled()
  expect(texts()).toEqual(['1', '2'])
  for (let i = 0; i < 5; i++) {
    ack('puback', publishes()[i]!.messageId!)
    await settled()
  }
  expect(texts()).toEqual(['1', '2', '3', '4', '5'])
  expect(delivery.queues.get(0)?.phase).toBe('live')
  queue.publish('6')
  expect(texts().at(-1)).toBe('6')
})

test('a socket that is full stops QoS 1, which is read later, and drops QoS 0 as it comes (D3)', async () => {
  const queue = new FakeQueue()
  const { delivery, socket, subscribe, texts } = client(queue)
  subscribe('t')
  socket.writable = false
  queue.publish(['zero', { qos: 0 }], 'one', 'two')
  expect(texts()).toEqual([])
  expect(delivery.dropped).toBe(1)
  socket.writable = true
  delivery.writableAgain()
  await settled()
  expect(texts()).toEqual(['one', 'two'])
})

test('a session that goes on reads from its cursor, leaves out what was settled, and joins live at the end (D5)', async () => {
  const queue = new FakeQueue()
  queue.publish('0', '1', '2', '3', '4', '5', '6', '7')
  const progress = [{ queue: 0, low: 1, settled: [{ first: 3, last: 4 }] }]
  const { delivery, subscribe, texts } = client(queue, { present: true, cursor: { progress, inFlight: [] } })
  subscribe('t', { starts: [{ queue: 0, position: -1 }] })
  await settled()
  expect(texts()).toEqual([])
  delivery.resume()
  queue.publish('8')
  await settled()
  expect(texts()).toEqual(['2', '5', '6', '7', '8'])
})

test('what retention took before a session had it is told as a gap (D12)', async () => {
  const queue = new FakeQueue()
  queue.publish('0', '1', '2', '3', '4', '5')
  const gaps: number[][] = []
  const region: Region = {
    ...queue.region,
    read: async (number, from, filters) => {
      const first = Math.max(3, from)
      return { ...(await queue.region.read(number, first, filters)), first, gap: from < 3 }
    },
  }
  const onGap = (...gap: number[]) => void gaps.push(gap)
  const progress = [{ queue: 0, low: 0, settled: [] }]
  const { delivery, subscribe, texts } = client(queue, {
    ...{ present: true, cursor: { progress, inFlight: [] }, region, onGap },
  })
  subscribe('t', { starts: [{ queue: 0, position: -1 }] })
  delivery.resume()
  await settled()
  expect(texts()).toEqual(['3', '4', '5'])
  expect(gaps).toEqual([[0, 1, 2]])
})

test('a connection that ends before the session went on leaves the cursor where it was (D7)', () => {
  const cursor = { progress: [{ queue: 0, low: 1, settled: [{ first: 3, last: 4 }] }], inFlight: [] }
  const { delivery } = client(new FakeQueue(), { present: true, cursor })
  expect(delivery.cursor).toEqual(cursor)
})

test('what ends before the messages below it were taken is remembered, and they are not passed over (D7)', async () => {
  const queue = new FakeQueue()
  queue.publish('0', '1', ['2', { qos: 2 }], '3', ['4', { qos: 2 }])
  const journal = [
    { packetId: 7, queue: 0, position: 2, phase: RELEASED, qos: 2, group: '' },
    { packetId: 8, queue: 0, position: 4, phase: PUBLISHED, qos: 2, group: '' },
  ]
  const progress = [{ queue: 0, low: 0, settled: [] }]
  const options = { present: true, journalled: true, journal, cursor: { progress, inFlight: [] } }
  const { delivery, subscribe, socket, ack } = client(queue, options)
  subscribe('t', { starts: [{ queue: 0, position: -1 }] })
  socket.writable = false
  delivery.resume()
  await settled()
  expect(delivery.cursor.progress).toEqual([{ queue: 0, low: 0, settled: [] }])
  ack('pubcomp', 7)
  expect(delivery.cursor.progress).toEqual([{ queue: 0, low: 0, settled: [{ first: 2, last: 2 }] }])
})

test('behind what an earlier connection had, a session reads and does not take again what comes live (D5)', async () => {
  const queue = new FakeQueue()
  queue.publish('0')
  const journal = [{ packetId: 7, queue: 0, position: 2, phase: RELEASED, qos: 2, group: '' }]
  const progress = [{ queue: 0, low: 0, settled: [{ first: 1, last: 1 }] }]
  const { delivery, subscribe, texts } = client(queue, {
    present: true,
    journalled: true,
    journal,
    cursor: { progress, inFlight: [] },
  })
  subscribe('t', { starts: [{ queue: 0, position: -1 }] })
  delivery.resume()
  await settled()
  queue.publish('1', ['2', { qos: 2 }], '3')
  delivery.writableAgain()
  await settled()
  expect(texts()).toEqual(['3'])
})

test('what was in flight is sent again first, with DUP and its packet id, before anything new [MQTT5-4.4.0-1]', async () => {
  const queue = new FakeQueue()
  queue.publish('0', '1', ['2', { qos: 2 }], '3')
  const inFlight = [{ packetId: 77, queue: 0, position: 1, phase: PUBLISHED, qos: 1, group: '' }]
  const journal = [{ packetId: 78, queue: 0, position: 2, phase: PUBLISHED, qos: 2, group: '' }]
  const progress = [{ queue: 0, low: 0, settled: [] }]
  const options = { present: true, journalled: true, journal, cursor: { progress, inFlight } }
  const { delivery, publishes, subscribe } = client(queue, options)
  subscribe('t', { starts: [{ queue: 0, position: -1 }] })
  delivery.resume()
  await settled()
  await settled()
  expect(publishes().map(({ payload, messageId, dup }) => [String(payload), messageId, dup])).toEqual([
    ['1', 77, true],
    ['2', 78, true],
    ['3', 1, false],
  ])
})

test('an acknowledgement of the wrong kind is a protocol error', () => {
  const queue = new FakeQueue()
  const { ack, subscribe } = client(queue)
  subscribe('t')
  queue.publish(['two', { qos: 2 }], 'one')
  expect(ack('puback', 1)).toBe(reasonCode.protocolError)
  expect(ack('pubrec', 2)).toBe(reasonCode.protocolError)
  expect(ack('pubcomp', 1)).toBe(reasonCode.protocolError)
})

test('the cursor is a low-water mark and the ranges that are settled above it (D7)', () => {
  const queue = new FakeQueue()
  const { ack, delivery, subscribe } = client(queue)
  subscribe('t')
  queue.publish('0', '1', '2', '3')
  ack('puback', 1)
  ack('puback', 3)
  expect(delivery.cursor).toMatchObject({
    progress: [{ queue: 0, low: 0, settled: [{ first: 2, last: 2 }] }],
    inFlight: [
      { packetId: 2, position: 1 },
      { packetId: 4, position: 3 },
    ],
  })
  ack('puback', 2)
  ack('puback', 4)
  expect(delivery.cursor).toEqual({ progress: [{ queue: 0, low: 3, settled: [] }], inFlight: [] })
})

test('retained messages come with RETAIN and do not hold the cursor [MQTT5-3.3.1-9]', () => {
  const queue = new FakeQueue()
  queue.publish(['kept', { retain: true }])
  const { delivery, publishes, subscribe } = client(queue)
  subscribe('t')
  expect(delivery.takeRetained(queue.messages[0]!, 't')).toBe(true)
  expect(publishes()).toMatchObject([{ retain: true, qos: 1 }])
  expect(delivery.cursor.progress).toEqual([{ queue: 0, low: 0, settled: [] }])
})

test('after UNSUBSCRIBE nothing more comes [MQTT5-3.10.4-2]', () => {
  const queue = new FakeQueue()
  const { delivery, subscribe, texts } = client(queue)
  subscribe('t')
  queue.publish('one')
  delivery.unsubscribe('t')
  queue.publish('two')
  expect(texts()).toEqual(['one'])
})

test('topics get aliases, as many as the client allows [MQTT5-3.1.2-26] [MQTT5-3.1.2-27]', () => {
  const queue = new FakeQueue()
  const { publishes, subscribe } = client(queue, { topicAliasMaximum: 1 })
  subscribe('#')
  queue.publish(['a', { topic: 'x' }], ['b', { topic: 'x' }], ['c', { topic: 'y' }])
  expect(publishes().map(({ topic, properties }) => [topic, properties?.topicAlias])).toEqual([
    ['x', 1],
    ['', 1],
    ['y', undefined],
  ])
  const without = client(queue)
  without.subscribe('#')
  queue.publish(['d', { topic: 'x' }])
  expect(without.publishes()).toMatchObject([{ topic: 'x' }])
  expect(without.publishes()[0]?.properties?.topicAlias).toBeUndefined()
})

test('members of a group take turns; what is not acknowledged when a member goes is given back', async () => {
  const queue = new FakeQueue()
  const one = client(queue)
  const two = client(queue)
  for (const { subscribe } of [one, two]) subscribe('$share/g/t', { qos: 1 })
  queue.append('0', '1', '2', '3')
  queue.groups.leased(0, '$share/g/t', queue.messages)
  expect([one.texts(), two.texts()]).toEqual([
    ['0', '2'],
    ['1', '3'],
  ])
  one.ack('puback', 1)
  expect(queue.settled).toEqual([0])
  one.delivery.close()
  expect(queue.returned).toEqual([2])
})
