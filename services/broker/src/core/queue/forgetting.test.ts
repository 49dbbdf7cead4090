import { envelope } from '@tern/proto'
import { expect, test } from 'vitest'
import {
  forget,
  type Kept,
  type Suspects,
  sessionOf,
  settlement,
  suspectsMax,
  suspectsOf,
  withoutKept,
} from './forgetting.ts'
import { QueueState } from './queue-state.ts'

const number = (counter: number) => ({ epoch: 1, counter })
const nobody: Kept = { clients: new Set(), sessions: new Set(), wills: new Set() }

/** Takes records in turn; each client has its own packet id. */
class Queue {
  readonly state = new QueueState(0)
  private sequence = 0

  take(clientId: string, counter: number, more: Partial<envelope.Envelope> = {}): string {
    const fields = { clientId, producer: 7, sequence: ++this.sequence, connection: number(counter), ...more }
    return this.state.apply(this.state.next, envelope.Envelope.create(fields))
  }

  open(clientId: string, counter: number): void {
    this.take(clientId, counter, { qosTwo: { session: number(counter), packetId: 5 } })
  }

  will(clientId: string, counter: number): string {
    return this.take(clientId, counter, { producer: 0, producerName: `will/${clientId}/1.${counter}` })
  }

  mark(markers: readonly envelope.Envelope[]): void {
    for (const marker of markers) this.state.apply(this.state.next, marker)
  }
}

const all = ({ state }: Queue, logStart = 0): Suspects[] => [...suspectsOf(state, logStart)]
const forgotten = (queue: Queue, kept: Partial<Kept> = {}, logStart = 0) => {
  for (const suspects of all(queue, logStart)) forget(queue.state, withoutKept(suspects, { ...nobody, ...kept }))
  const { connections, openExchanges, wills } = queue.state
  return { connections: [...connections.keys()], open: [...openExchanges.keys()], wills: [...wills.keys()] }
}

test('a client that some proxy has keeps its connection number and its open exchanges (rule 4)', () => {
  const queue = new Queue()
  for (const clientId of ['a', 'b']) queue.open(clientId, 1)
  expect(forgotten(queue, { clients: new Set(['a']) })).toEqual({ connections: ['a'], open: ['a'], wills: [] })
})

test('an open exchange of a session that exists is kept, though nobody has the client (rule 3)', () => {
  const queue = new Queue()
  for (const clientId of ['a', 'b']) queue.open(clientId, 1)
  const sessions = new Set([sessionOf('b', number(1))])
  expect(forgotten(queue, { sessions })).toEqual({ connections: [], open: ['b'], wills: [] })
})

test('what changed since the question is kept', () => {
  const queue = new Queue()
  for (const clientId of ['a', 'b']) queue.open(clientId, 1)
  const [suspects] = all(queue)
  queue.take('a', 2)
  const exchange = { qosTwo: { session: number(1), packetId: 5 } }
  queue.take('b', 1, { ...exchange, release: true })
  queue.take('b', 1, exchange)
  forget(queue.state, suspects!)
  expect([...queue.state.connections.keys()]).toEqual(['a'])
  expect([...queue.state.openExchanges.keys()]).toEqual(['b'])
})

test('a will is known for as long as its record is there and its home stores it', () => {
  const queue = new Queue()
  for (const clientId of ['a', 'b', 'c']) queue.will(clientId, 1)
  const wills = new Set(['a'])
  expect(forgotten(queue, { wills }, 2).wills).toEqual(['a', 'c'])
  expect(queue.will('c', 1)).toBe('void')
  // Connection numbers are forgotten without it.
  expect(queue.state.connections.size).toBe(0)
})

test('clients are asked about in slices', () => {
  const queue = new Queue()
  for (let i = 0; i <= suspectsMax.clients; i++) queue.take(`c${i}`, 1)
  queue.take('x'.repeat(suspectsMax.bytes), 1)
  queue.take('last', 1)
  expect(all(queue).map(({ clientIds }) => clientIds.length)).toEqual([suspectsMax.clients, 2, 1])
  expect(all(queue).flatMap(({ clientIds }) => clientIds)).toHaveLength(suspectsMax.clients + 3)
})

test('after the settlement all that a proxy had sent is void, and what it sends next is not (rule 1)', () => {
  const queue = new Queue()
  queue.take('a', 1, { producer: 7, sequence: 3 })
  queue.take('a', 1, { producer: 5, sequence: 1 })
  const answered = new Map([
    [7, 6],
    [8, 0],
  ])
  queue.mark(settlement(queue.state, answered, 9))
  const from = (producer: number, sequence: number) => queue.take('b', 1, { producer, sequence })
  // 7 lives and had sent six, 8 lives and had sent none, 5 and 6 are dead, 10 came later.
  expect([from(7, 6), from(5, 2), from(6, 1)]).toEqual(['void', 'void', 'void'])
  expect([from(7, 7), from(8, 1), from(10, 1)]).toEqual(['live', 'live', 'live'])
  expect([...queue.state.producers.keys()]).toEqual([7, 8, 10])
})

test('a settlement that says nothing new of a producer leaves it out', () => {
  const queue = new Queue()
  queue.take('a', 1, { producer: 7, sequence: 3 })
  expect(settlement(queue.state, new Map([[7, 3]]), 9).map(({ settledThrough }) => settledThrough)).toEqual([9])
})
