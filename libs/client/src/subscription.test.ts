import { messaging } from '@tern/proto'
import { manualClock } from '@tern/runtime/testing'
import { expect, test } from 'vitest'
import { fakeWire, unavailable } from './fake-wire.fixture.ts'
import { Subscription } from './subscription.ts'
import { durationOf } from './time.ts'

function begin() {
  const clock = manualClock()
  const wire = fakeWire()
  const open = messaging.SubscribeRequest_Open.fromPartial({ topicFilters: ['a/#'], group: 'g' })
  const subscription = new Subscription(wire, { open, clock, chance: () => 1, onOpened() {}, onOver() {} })
  const stream = () => wire.subscribing.at(-1)!
  const opened = (subscriberId = 's-1') => {
    const value = messaging.SubscribeResponse_Opened.fromPartial({ subscriberId, ackDeadline: durationOf(30_000) })
    stream().says({ frame: { $case: 'opened', value } })
  }
  const deliver = (...ids: string[]) => {
    const deliveries = ids.map((ackId) =>
      messaging.Delivery.fromPartial({
        ackId,
        attempt: 1,
        message: { messageId: `m-${ackId}`, topic: 'a/b', payload: Buffer.from('{}') },
      }),
    )
    stream().says({ frame: { $case: 'deliveries', value: { deliveries } } })
  }
  const said = (kind: string) =>
    stream().sent.flatMap(({ frame }) => (frame?.$case === kind ? [frame.value as { ackIds?: string[] }] : []))
  const messages = subscription[Symbol.asyncIterator]()
  const next = async () => (await messages.next()).value!
  return { clock, wire, subscription, stream, opened, deliver, said, messages, next }
}

test('messages come in order and their acknowledgements go together', async () => {
  const { clock, opened, deliver, next, said } = begin()
  opened()
  deliver('1', '2')
  const [first, second] = [await next(), await next()]
  expect([first.messageId, second.messageId, first.json()]).toEqual(['m-1', 'm-2', {}])
  first.ack()
  second.ack()
  second.ack()
  clock.pass(0)
  expect(said('ack').map(({ ackIds }) => ackIds)).toEqual([['1', '2']])
})

test('a negative acknowledgement says what is to become of the message', async () => {
  const { opened, deliver, next, said } = begin()
  opened()
  deliver('1')
  ;(await next()).nack({ delayMs: 1_500, reason: 'busy' })
  expect(said('nack')).toEqual([
    { ackIds: ['1'], action: messaging.NackAction.RETRY, delay: { seconds: 1, nanos: 5e8 }, reason: 'busy' },
  ])
})

test('leases of what is not settled are extended, three times within their deadline', async () => {
  const { clock, opened, deliver, next, said } = begin()
  opened()
  deliver('1', '2')
  ;(await next()).ack()
  clock.pass(10_000)
  expect(said('extendDeadline').map(({ ackIds }) => ackIds)).toEqual([['2']])
})

test('a broken stream goes on with the same subscriber; what was handed out before comes again', async () => {
  const { clock, wire, opened, deliver, next, said, stream } = begin()
  opened('s-7')
  deliver('1', '2')
  const lost = await next()
  stream().ends(unavailable)
  clock.pass(100)
  expect(wire.subscribing).toHaveLength(2)
  expect(stream().sent[0]?.frame).toMatchObject({ $case: 'open', value: { subscriberId: 's-7', group: 'g' } })
  // Without an id of its own: the session was asked to wait for this stream, and is not made to outlive it for longer.
  const asked = wire.subscribing.map(
    ({ sent: [open] }) => open?.frame?.$case === 'open' && open.frame.value.sessionExpiry,
  )
  expect(asked).toEqual([durationOf(60_000), durationOf(60_000)])
  opened('s-7')
  lost.ack()
  deliver('3')
  expect((await next()).ackId).toBe('3')
  clock.pass(0)
  expect(said('ack')).toEqual([])
})

test('45 s without a word are a break', () => {
  const { clock, wire, opened, stream } = begin()
  opened()
  clock.pass(44_000)
  stream().says({ frame: { $case: 'heartbeat', value: messaging.SubscribeResponse_Heartbeat.fromPartial({}) } })
  clock.pass(44_000)
  expect(wire.subscribing).toHaveLength(1)
  clock.pass(1_000)
  expect(wire.subscribing).toHaveLength(2)
})

test('who is taken over, or refused, gets the reason and does not come back', async () => {
  const { clock, wire, opened, stream, messages } = begin()
  opened()
  stream().ends({ code: 'ABORTED', reason: 'SUPERSEDED', message: 'another one' })
  await expect(messages.next()).rejects.toMatchObject({ reason: 'SUPERSEDED' })
  clock.pass(60_000)
  expect(wire.subscribing).toHaveLength(1)
})

test('a subscription that was refused fails', async () => {
  const { stream, messages } = begin()
  const error = { code: 7, message: 'not allowed', details: [] }
  const value = messaging.SubscribeResponse_Opened.fromPartial({ outcomes: [{ topicFilter: 'a/#', error }] })
  stream().says({ frame: { $case: 'opened', value } })
  await expect(messages.next()).rejects.toThrow('a/#: not allowed')
})

test('draining hands out what is there and ends when the server does', async () => {
  const { opened, deliver, subscription, next, messages, stream, said } = begin()
  opened()
  deliver('1')
  subscription.drain()
  expect(said('drain')).toHaveLength(1)
  ;(await next()).ack()
  stream().ends()
  expect((await messages.next()).done).toBe(true)
})

test('leaving the loop ends the stream', async () => {
  const { opened, deliver, subscription, stream } = begin()
  opened()
  deliver('1', '2')
  for await (const received of subscription) {
    received.ack()
    break
  }
  expect(stream().over).toBe(true)
  expect(stream().sent.at(-1)?.frame).toMatchObject({ $case: 'ack', value: { ackIds: ['1'] } })
})
