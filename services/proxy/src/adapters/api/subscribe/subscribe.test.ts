import { reasonCode } from '@tern/mqtt'
import { messaging } from '@tern/proto'
import { expect, test } from 'vitest'
import { onOneQueue } from './one-queue.fixture.ts'
import { subscribe } from './subscribe.ts'

type Request = messaging.SubscribeRequest
type Open = messaging.SubscribeRequest_Open
type Frame = NonNullable<messaging.SubscribeResponse['frame']>

/** A subscriber's stream on a region of one queue, its two ends held by the test. */
async function begin(open: Partial<Open> = {}, world = onOneQueue()) {
  const { clock, fake, connections, queue, ports, call, gone, draining, publish } = world
  const said: Request[] = []
  let wake = () => {}
  let over = false
  async function* requests(): AsyncGenerator<Request> {
    while (!over || said.length > 0) {
      const request = said.shift()
      if (request !== undefined) yield request
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const say = (frame: NonNullable<Request['frame']>) => {
    said.push({ frame })
    wake()
    return clock.pass(0)
  }
  const heard: Frame[] = []
  const stream = subscribe(requests(), ports, call)
  const ended = (async () => {
    try {
      for await (const { frame } of stream) if (frame !== undefined) heard.push(frame)
      return 'OK'
    } catch (error) {
      const { code, reason } = error as { code: string; reason: string }
      return `${code} ${reason}`
    }
  })()
  await say({
    $case: 'open',
    value: messaging.SubscribeRequest_Open.fromPartial({ topicFilters: ['t'], subscriberId: 's', ...open }),
  })
  await clock.pass(0)
  const deliveries = () => heard.flatMap((frame) => (frame.$case === 'deliveries' ? frame.value.deliveries : []))
  const end = () => {
    over = true
    wake()
    return clock.pass(0)
  }
  /** Texts with their attempts, as "a1". */
  const got = () => deliveries().map(({ message, attempt }) => `${message?.payload}${attempt}`)
  const idOf = (text: string) => deliveries().findLast(({ message }) => `${message?.payload}` === text)?.ackId ?? ''
  return { clock, fake, queue, connections, heard, ended, say, publish, deliveries, got, idOf, end, gone, draining }
}

const ack = (...ackIds: string[]) => ({ $case: 'ack' as const, value: { ackIds } })
const nack = (ackId: string, fields: Partial<messaging.SubscribeRequest_Nack> = {}) => ({
  $case: 'nack' as const,
  value: messaging.SubscribeRequest_Nack.fromPartial({ ackIds: [ackId], ...fields }),
})
const seconds = (count: number) => ({ seconds: count, nanos: 0 })

test('a stream is opened, gets what matches with its address, and what it acknowledges is behind its cursor', async () => {
  const s = await begin()
  expect(s.heard[0]).toMatchObject({ $case: 'opened', value: { subscriberId: 's', zone: 'az-a', resumed: false } })
  await s.publish('a', ['b', { qos: 0 }], ['x', { topic: 'other' }])
  expect(s.got()).toEqual(['a1', 'b1'])
  expect(s.deliveries()[0]?.message).toMatchObject({ messageId: '0-0', topic: 't', publisherClientId: 'publisher' })
  await s.say(ack(s.idOf('a'), s.idOf('b')))
  await s.end()
  expect(await s.ended).toBe('OK')
  const close = s.fake.calls.find(({ $case }) => $case === 'close')?.value
  expect(close).toMatchObject({ cursor: { progress: [{ queue: 0, low: 2, settled: [] }], inFlight: [] } })
})

/** Its interest in the filter is answered by nobody. */
function beginWithoutAnAnswer() {
  const world = onOneQueue()
  world.region.addInterest = () => new Promise(() => {})
  return begin({}, world)
}

test('a stream that is taken over while it is opened is told so, whatever it waits for', async () => {
  const s = await beginWithoutAnAnswer()
  s.connections.superseded('s', { epoch: 9, counter: 1 })
  expect(await s.ended).toBe('ABORTED SUPERSEDED')
  expect(s.connections.size).toBe(0)
})

test('whose caller goes while it is opened leaves no connection behind, and its home is told', async () => {
  const s = await beginWithoutAnAnswer()
  s.gone.abort()
  expect(await s.ended).toBe('CANCELLED CANCELLED')
  expect(s.connections.size).toBe(0)
  expect(s.fake.calls.map(({ $case }) => $case)).toContain('close')
})

test('what is not acknowledged when the stream ends is in flight in the cursor that the home gets', async () => {
  const s = await begin()
  await s.publish('a', 'b')
  await s.say(ack(s.idOf('b')))
  s.gone.abort()
  expect(await s.ended).toBe('OK')
  const close = s.fake.calls.find(({ $case }) => $case === 'close')?.value
  expect(close).toMatchObject({ willApplies: false, cursor: { inFlight: [{ position: 0, qos: 1 }] } })
})

test('a delivery that is not settled in time comes again, with one attempt more; an extension puts that off', async () => {
  const s = await begin({ ackDeadline: seconds(10) })
  await s.publish('a', 'b')
  await s.clock.pass(6_000)
  const extend = { ackIds: [s.idOf('b')], ackDeadline: seconds(10) }
  await s.say({ $case: 'extendDeadline', value: extend })
  await s.clock.pass(5_000)
  expect(s.got()).toEqual(['a1', 'b1', 'a2'])
  await s.say(ack(s.idOf('a'), s.idOf('b')))
  await s.clock.pass(60_000)
  expect(s.got()).toHaveLength(3)
})

test('a negative acknowledgement brings it again after its delay, without holding up what comes after', async () => {
  const s = await begin()
  await s.publish('a')
  await s.say(nack(s.idOf('a'), { delay: seconds(20) }))
  await s.publish('b')
  await s.clock.pass(19_000)
  expect(s.got()).toEqual(['a1', 'b1'])
  await s.clock.pass(2_000)
  expect(s.got()).toEqual(['a1', 'b1', 'a2'])
  await s.say(nack(s.idOf('b')))
  expect(s.got()).toEqual(['a1', 'b1', 'a2', 'b2'])
})

test('skipped ones are settled; dead letters are so once they are published', async () => {
  const s = await begin()
  await s.publish('a', 'b')
  await s.say(nack(s.idOf('a'), { action: messaging.NackAction.SKIP }))
  await s.say(nack(s.idOf('b'), { action: messaging.NackAction.DEAD_LETTER, reason: 'no json' }))
  const [dead] = s.fake.appended
  expect(dead?.record).toMatchObject({ topic: '$dead/s/t', payload: Buffer.from('b') })
  expect(dead?.record.envelope.userProperties).toEqual([
    { name: 'tern-dead-from', value: '0-1' },
    { name: 'tern-dead-reason', value: 'no json' },
  ])
  dead?.answer({ verdict: 'stored', position: 9 })
  await s.say({ $case: 'drain', value: {} })
  expect(await s.ended).toBe('OK')
})

test('the window holds deliveries back, and an acknowledgement lets the next one go', async () => {
  const s = await begin({ flowControl: { $case: 'window', value: { maxUnackedMessages: 2, maxUnackedBytes: 0 } } })
  await s.publish('a', 'b', 'c', 'd')
  expect(s.got()).toEqual(['a1', 'b1'])
  await s.say(ack(s.idOf('a')))
  await s.clock.pass(0)
  expect(s.got()).toEqual(['a1', 'b1', 'c1'])
})

test('with manual credit nothing comes beyond it', async () => {
  const s = await begin({ flowControl: { $case: 'manual', value: { messages: 1 } } })
  await s.publish('a', 'b', 'c')
  expect(s.got()).toEqual(['a1'])
  await s.say({ $case: 'credit', value: { messages: 1 } })
  await s.clock.pass(0)
  expect(s.got()).toEqual(['a1', 'b1'])
})

test('with automatic acknowledgements what was written is settled', async () => {
  const s = await begin({
    ackMode: messaging.AckMode.AUTO,
    flowControl: { $case: 'window', value: { maxUnackedMessages: 1, maxUnackedBytes: 0 } },
  })
  await s.publish('a', 'b', 'c')
  await s.clock.pass(0)
  expect(s.got()).toEqual(['a1', 'b1', 'c1'])
})

test('who acknowledges automatically may say nothing more, and listens on', async () => {
  const s = await begin({ ackMode: messaging.AckMode.AUTO })
  await s.end()
  await s.publish('a')
  expect(s.got()).toEqual(['a1'])
})

test('messages without the properties that are asked for are left out, and hold nothing up', async () => {
  const s = await begin({ userProperties: [{ name: 'kind', value: 'x' }] })
  await s.publish('a', ['b', { userProperties: [{ name: 'kind', value: 'x' }] }])
  expect(s.got()).toEqual(['b1'])
  await s.say(ack(s.idOf('b')))
  await s.end()
  expect(s.fake.calls.find(({ $case }) => $case === 'close')?.value).toMatchObject({
    cursor: { progress: [{ low: 1 }] },
  })
})

test('a record of a group goes back to it when its time is over or it is refused', async () => {
  const s = await begin({ group: 'g', ackDeadline: seconds(10) })
  s.queue.append('a', 'b', 'c')
  s.queue.groups.leased(0, '$share/g/t', s.queue.messages)
  await s.clock.pass(0)
  expect(s.got()).toEqual(['a1', 'b1', 'c1'])
  await s.say(ack(s.idOf('a')))
  await s.say(nack(s.idOf('b')))
  expect([s.queue.settled, s.queue.returned]).toEqual([[0], [1]])
  await s.clock.pass(11_000)
  expect(s.queue.returned).toEqual([1, 2])
  await s.say(ack(s.idOf('c')))
  expect(s.heard.at(-1)).toMatchObject({ $case: 'settleErrors', value: { entries: [{ ackId: s.idOf('c') }] } })
})

test('when a stream of a group ends, what it has goes back at once', async () => {
  const s = await begin({ group: 'g' })
  s.queue.append('a', 'b')
  s.queue.groups.leased(0, '$share/g/t', s.queue.messages)
  await s.clock.pass(0)
  await s.say(ack(s.idOf('a')))
  s.gone.abort()
  await s.ended
  expect([s.queue.settled, s.queue.returned]).toEqual([[0], [1]])
})

test('silence is broken by heartbeats that bring a cursor', async () => {
  const s = await begin()
  await s.publish('a')
  await s.say(ack(s.idOf('a')))
  await s.clock.pass(16_000)
  expect(s.heard.at(-1)).toMatchObject({ $case: 'heartbeat', value: { unacked: 0, backlogMessages: 0 } })
  expect(s.heard.at(-1)).toMatchObject({ value: { backlogAge: undefined } })
})

test('a heartbeat says for how long the oldest message is out', async () => {
  const s = await begin({ ackDeadline: { seconds: 60, nanos: 0 } })
  await s.publish('a')
  const storedMs = s.queue.messages[0]?.timeMs ?? 0
  await s.clock.pass(9_000)
  await s.publish('b')
  await s.clock.pass(16_000)
  const heard = s.heard.at(-1)
  if (heard?.$case !== 'heartbeat') throw new Error(`${heard?.$case} came last, and no heartbeat`)
  const { backlogAge, time, unacked } = heard.value
  const millisOf = (given: typeof time) => (given?.seconds ?? 0) * 1_000 + (given?.nanos ?? 0) / 1e6
  expect(unacked).toBe(2)
  expect(millisOf(time) - millisOf(backlogAge)).toBeCloseTo(storedMs)
})

test('who drains gets no more, and its stream ends when all is settled', async () => {
  const s = await begin()
  await s.publish('a')
  await s.say({ $case: 'drain', value: {} })
  await s.publish('b')
  await s.say(ack(s.idOf('a')))
  expect(await s.ended).toBe('OK')
  expect(s.got()).toEqual(['a1'])
})

test('a newer connection of the client ends the stream with a reason', async () => {
  const s = await begin()
  s.connections.superseded('s', { epoch: 1, counter: 1 })
  await s.clock.pass(0)
  expect(await s.ended).toBe('ABORTED SUPERSEDED')
})

test('a proxy that is about to leave says so', async () => {
  const s = await begin()
  s.draining.abort()
  await s.clock.pass(0)
  expect(s.heard.at(-1)).toMatchObject({ $case: 'moving', value: { zone: 'az-a' } })
  s.connections.endAll(reasonCode.serverShuttingDown)
  await s.clock.pass(900)
  await s.publish('still')
  expect(s.got()).toEqual(['still1'])
  await s.clock.pass(200)
  expect(await s.ended).toBe('UNAVAILABLE DRAINING')
})

test.each<[name: string, open: Partial<Open>, reason: string]>([
  ['no filter', { topicFilters: [] }, 'TOO_MANY_FILTERS'],
  ['101 filters', { topicFilters: Array(101).fill('a') }, 'TOO_MANY_FILTERS'],
  ['a filter that is none', { topicFilters: ['a/#/b'] }, 'TOPIC_FILTER_INVALID'],
  ['a shared filter', { topicFilters: ['$share/g/a'] }, 'TOPIC_FILTER_INVALID'],
  ['a group with a slash', { group: 'a/b' }, 'SUBSCRIPTION_INVALID'],
  ['a deadline of a second', { ackDeadline: seconds(1) }, 'SUBSCRIPTION_INVALID'],
  [
    'a window beyond the limit',
    { flowControl: { $case: 'window', value: { maxUnackedMessages: 1_025, maxUnackedBytes: 0 } } },
    'SUBSCRIPTION_INVALID',
  ],
  ['a long subscriber id', { subscriberId: 'x'.repeat(257) }, 'SUBSCRIPTION_INVALID'],
  ['a cursor that is none', { start: { at: { $case: 'cursor', value: 'x' } } }, 'CURSOR_INVALID'],
])('%s is refused', async (_, open, reason) => {
  const s = await begin(open)
  expect(await s.ended).toBe(`INVALID_ARGUMENT ${reason}`)
})

test('acknowledgements of another stream are answered, and end nothing', async () => {
  const s = await begin()
  await s.publish('a')
  await s.say(ack('9.9.1', 'junk', `${s.idOf('a')}0000000`))
  expect(s.heard.at(-1)).toMatchObject({ $case: 'settleErrors' })
  await s.say(ack(s.idOf('a')))
  await s.end()
  expect(await s.ended).toBe('OK')
})

test('who does not read costs what was written for it: nothing is repeated that it has not seen', async () => {
  const { clock, ports, call, publish, connections } = onOneQueue()
  const value = messaging.SubscribeRequest_Open.fromPartial({ topicFilters: ['t'], ackDeadline: seconds(10) })
  async function* requests(): AsyncGenerator<Request> {
    yield { frame: { $case: 'open', value } }
    await new Promise(() => {})
  }
  const stream = subscribe(requests(), ports, call)
  await stream.next()
  await publish('a', 'b')
  await clock.pass(300_000)
  expect(connections.size).toBe(1)
  const waited = [(await stream.next()).value?.frame, (await stream.next()).value?.frame]
  expect(waited.map((frame) => frame?.$case).toSorted()).toEqual(['deliveries', 'heartbeat'])
  const deliveries = waited.flatMap((frame) => (frame?.$case === 'deliveries' ? frame.value.deliveries : []))
  expect(deliveries.map(({ message }) => `${message?.payload}`)).toEqual(['a', 'b'])
  await clock.pass(0)
  const more = stream.next()
  await clock.pass(1_000)
  const raced = await Promise.race([more.then(() => 'more'), Promise.resolve('nothing')])
  expect(raced).toBe('nothing')
})
