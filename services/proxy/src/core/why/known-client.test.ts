import { inspect, proxy, state } from '@tern/proto'
import { expect, test } from 'vitest'
import { knownClientOf } from './known-client.ts'

const session = (fields: Partial<inspect.SessionState>): inspect.SessionState =>
  inspect.SessionState.fromPartial({ summary: { clientId: 'c' }, ...fields })
const subscription = (filter: string, position: number) =>
  state.Subscription.create({ filter, starts: [{ queue: 3, position }] })
const nothing = { session: undefined, connection: undefined, subscriptions: [], inFlight: [] }

test('without a session there is no client', () => {
  expect(knownClientOf(nothing, 3, 5)).toBeUndefined()
})

test('a session that lasts is told by its home: where its subscriptions begin, and what its cursor has passed', () => {
  const cursor = state.Cursor.create({ progress: [{ queue: 3, low: 9, settled: [{ first: 12, last: 14 }] }] })
  const lasting = session({
    subscriptions: [subscription('a/#', 4)],
    cursor,
    summary: inspect.SessionSummary.create({ disconnectedAtMs: 77 }),
  })
  const known = (position: number, queue = 3) => knownClientOf({ ...nothing, session: lasting }, queue, position)
  expect(known(9)).toMatchObject({ connected: false, offlineSinceMs: 77, takenBelow: 10, settled: false })
  expect(known(13)).toMatchObject({ settled: true, subscriptions: [{ filter: 'a/#', start: 4 }] })
  expect(known(5, 8)).toMatchObject({ takenBelow: undefined, subscriptions: [{ start: undefined }] })
})

test('of a session that ends with its connection the proxy tells the subscriptions, and of each what is in flight', () => {
  const inFlight = [proxy.InflightEntry.create({ queue: 3, position: 6, writtenAtMs: 1_000 })]
  const connection = proxy.Connection.create({ inflight: 1, receiveMaximum: 20 })
  const words = { session: session({}), connection, subscriptions: [subscription('a/+', 2)], inFlight }
  expect(knownClientOf(words, 3, 6)).toMatchObject({
    ...{ connected: true, inFlightSinceMs: 1_000, inFlight: 1, receiveMaximum: 20 },
    subscriptions: [{ filter: 'a/+', start: 2 }],
  })
  expect(knownClientOf(words, 3, 7)?.inFlightSinceMs).toBeUndefined()
})
