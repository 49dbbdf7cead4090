import { envelope, state } from '@tern/proto'
import { expect, test } from 'vitest'
import { QueueState } from './queue-state.ts'
import { partsOf, stateOf } from './snapshot.ts'

const connection = { epoch: 1, counter: 2 }
const record = (fields: Partial<envelope.Envelope>) => envelope.Envelope.create({ clientId: 'c', ...fields })

test('a snapshot says all that the state knows', () => {
  const queue = new QueueState(0)
  queue.apply(0, record({ producer: 7, sequence: 1, connection, qosTwo: { session: connection, packetId: 3 } }))
  queue.apply(1, record({ producerName: 'will/c/1.2', sequence: 1, connection }))
  queue.apply(2, record({ producerName: 'reroute/1', sequence: 8 }))
  queue.apply(3, record({ producer: 7, sequence: 1 }))
  queue.apply(4, record({ settledThrough: 9 }))
  expect(stateOf(partsOf(queue))).toEqual(queue)
})

test('a snapshot of an earlier version, with a producer for each will, tells of the newest one', () => {
  const producers = ['1.2', '1.1', '0.9'].map((number) => {
    return { producer: 0, producerName: `will/a/b/${number}`, sequence: 1, ended: false }
  })
  const part = state.SnapshotPart.create({ position: 6, parts: 1, closing: true, producers })
  expect([...(stateOf([part])?.wills ?? [])]).toEqual([['a/b', { connection, position: 6 }]])
})

test('a snapshot of an earlier version, without reasons, tells what is void all the same', () => {
  const part = state.SnapshotPart.create({ position: 6, parts: 1, closing: true, voidPositions: [2, 4] })
  expect([...(stateOf([part])?.voidPositions ?? [])]).toEqual([
    [2, state.VoidReason.UNSPECIFIED],
    [4, state.VoidReason.UNSPECIFIED],
  ])
})
