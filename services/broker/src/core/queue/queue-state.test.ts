import { envelope, state as kept } from '@tern/proto'
import { expect, test } from 'vitest'
import { QueueState } from './queue-state.ts'

const record = (fields: Partial<envelope.Envelope>) =>
  envelope.Envelope.create({ clientId: 'c', producer: 7, ...fields })
const number = (epoch: number, counter: number) => ({ epoch, counter })

test('a record whose sequence is not above the last of its producer is void', () => {
  const state = new QueueState(0)
  expect([1, 2, 2, 1, 3].map((sequence, i) => state.apply(i, record({ sequence })))).toEqual([
    'live',
    'live',
    'void',
    'void',
    'live',
  ])
  expect([...state.voidPositions.keys()]).toEqual([2, 3])
  expect(state.next).toBe(5)
})

test('producers do not disturb one another', () => {
  const state = new QueueState(0)
  expect(state.apply(0, record({ producer: 7, sequence: 5 }))).toBe('live')
  expect(state.apply(1, record({ producer: 8, sequence: 1 }))).toBe('live')
  expect(state.apply(2, record({ producer: 0, producerName: 'will/c/1.1', sequence: 1 }))).toBe('live')
  expect(state.apply(3, record({ producer: 0, producerName: 'will/c/1.1', sequence: 1 }))).toBe('void')
})

test('after the marker of its end a producer writes no more', () => {
  const state = new QueueState(0)
  state.apply(0, record({ sequence: 1 }))
  expect(state.apply(1, record({ producer: 0, endedProducer: 7 }))).toBe('marker')
  const late = record({ sequence: 2 })
  expect(state.knows(late)).toBe(true)
  expect(state.isSuperseded(late)).toBe(true)
  expect(state.apply(2, late)).toBe('void')
})

test('a lower connection number of the client is void, also from another proxy', () => {
  const state = new QueueState(0)
  state.apply(0, record({ producer: 8, sequence: 1, connection: number(5, 2) }))
  const stale = record({ producer: 7, sequence: 1, connection: number(5, 1) })
  expect(state.isSuperseded(stale)).toBe(true)
  expect(state.apply(1, stale)).toBe('void')
  expect(state.apply(2, record({ producer: 7, sequence: 2, connection: number(6, 1) }))).toBe('live')
  expect(state.apply(3, record({ clientId: 'other', producer: 7, sequence: 3, connection: number(1, 1) }))).toBe('live')
})

test('[MQTT5-4.3.3-10] a QoS 2 exchange is delivered once until its release, from whatever proxy it is repeated', () => {
  const state = new QueueState(0)
  const qosTwo = { session: number(3, 1), packetId: 9 }
  expect(state.apply(0, record({ sequence: 1, qos: 2, qosTwo }))).toBe('live')
  expect(state.openPackets('c', number(3, 1))).toEqual([9])
  expect(state.apply(1, record({ producer: 8, sequence: 1, qos: 2, qosTwo }))).toBe('void')
  expect(state.apply(2, record({ producer: 8, sequence: 2, release: true, qosTwo }))).toBe('marker')
  expect(state.openPackets('c', number(3, 1))).toEqual([])
  expect(state.openExchanges.size).toBe(0)
  expect(state.apply(3, record({ producer: 8, sequence: 3, qos: 2, qosTwo }))).toBe('live')
})

test('the same packet id in another session is another exchange', () => {
  const state = new QueueState(0)
  state.apply(0, record({ sequence: 1, qosTwo: { session: number(3, 1), packetId: 9 } }))
  expect(state.apply(1, record({ sequence: 2, qosTwo: { session: number(4, 1), packetId: 9 } }))).toBe('live')
})

const will = (counter: number, clientId = 'c') =>
  record({
    clientId,
    producer: 0,
    producerName: `will/${clientId}/1.${counter}`,
    sequence: 1,
    connection: number(1, counter),
  })

test('of the wills of a client the newest is known, and what is not above it is void', () => {
  const state = new QueueState(0)
  const given = [will(1), will(1), will(3), will(1), will(2, 'd'), will(3), will(4)]
  const verdicts = given.map((each, i) => state.apply(i, each))
  expect(verdicts).toEqual(['live', 'void', 'live', 'void', 'live', 'void', 'live'])
  expect(state.knows(will(4))).toBe(true)
  expect([...state.wills]).toEqual([
    ['c', { connection: number(1, 4), position: 6 }],
    ['d', { connection: number(1, 2), position: 4 }],
  ])
})

test('a will is no repetition of what its connection published, and void below a newer connection', () => {
  const state = new QueueState(0)
  state.apply(0, record({ sequence: 1, connection: number(1, 5) }))
  expect(state.apply(1, will(5))).toBe('live')
  state.apply(2, record({ sequence: 2, connection: number(1, 7) }))
  expect(state.apply(3, will(6))).toBe('void')
})

test('what a connection writes after its will is void, and its client is told so (D9)', () => {
  const state = new QueueState(0)
  state.apply(0, record({ sequence: 1, connection: number(1, 5) }))
  state.apply(1, will(5))
  const late = record({ sequence: 2, connection: number(1, 5) })
  expect([state.knows(late), state.isSuperseded(late)]).toEqual([true, true])
  expect(state.apply(2, late)).toBe('void')
  expect(state.apply(3, record({ sequence: 3, connection: number(1, 6) }))).toBe('live')
  expect(state.apply(4, record({ clientId: 'd', sequence: 4, connection: number(1, 5) }))).toBe('live')
})

test('after a settled marker an incarnation that the queue does not know has ended, a known or a later one has not', () => {
  const state = new QueueState(0)
  state.apply(0, record({ producer: 7, sequence: 3 }))
  state.apply(1, record({ producer: 5, sequence: 1 }))
  state.apply(2, record({ producer: 0, endedProducer: 5 }))
  expect(state.apply(3, record({ producer: 0, settledThrough: 9 }))).toBe('marker')
  expect([...state.producers.keys()]).toEqual([7])
  const of = (producer: number) => record({ producer, sequence: 4 })
  expect([5, 6, 9].map((producer) => state.isSuperseded(of(producer)))).toEqual([true, true, true])
  expect([5, 7, 9, 10].map((producer, i) => state.apply(4 + i, of(producer)))).toEqual(['void', 'live', 'void', 'live'])
})

test('a lower settled marker that comes late changes nothing', () => {
  const state = new QueueState(0)
  for (const [i, through] of [9, 4].entries()) state.apply(i, record({ producer: 0, settledThrough: through }))
  expect(state.settledThrough).toBe(9)
})

test('of each void record it is known which rule made it so', () => {
  const { SENT_AGAIN, PROXY_ENDED, CONNECTION_OVER, EXCHANGE_OPEN, PUBLISHED_AGAIN, WILL_AGAIN } = kept.VoidReason
  const queue = new QueueState(0)
  const connection = number(1, 2)
  const publisher = { name: 'p', sequence: 1 }
  const qosTwo = { session: connection, packetId: 3 }
  const will = { producer: 0, producerName: 'will/w/1.2', clientId: 'w', connection }
  const records: [Partial<envelope.Envelope>, kept.VoidReason | undefined][] = [
    [{ sequence: 1, connection }, undefined],
    [{ sequence: 1, connection }, SENT_AGAIN],
    [{ sequence: 2, connection: number(1, 1) }, CONNECTION_OVER],
    [{ sequence: 3, connection, qosTwo }, undefined],
    [{ sequence: 4, connection, qosTwo }, EXCHANGE_OPEN],
    [{ sequence: 5, publisher }, undefined],
    [{ sequence: 6, publisher }, PUBLISHED_AGAIN],
    [will, undefined],
    [will, WILL_AGAIN],
    [{ producer: 8, clientId: 'w', sequence: 1, connection }, CONNECTION_OVER],
    [{ producer: 0, clientId: '', endedProducer: 7 }, undefined],
    [{ sequence: 7, connection }, PROXY_ENDED],
  ]
  for (const [position, [fields]] of records.entries()) queue.apply(position, record(fields))
  expect(records.map((_, position) => queue.voidPositions.get(position))).toEqual(records.map(([, why]) => why))
})
