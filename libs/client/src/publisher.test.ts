import { message, type messaging } from '@tern/proto'
import { manualClock } from '@tern/runtime/testing'
import { expect, test } from 'vitest'
import { fakeWire, unavailable } from './fake-wire.fixture.ts'
import { Publisher, publisherLimits } from './publisher.ts'

const messageOf = (text: string) => message.Message.fromPartial({ topic: 't', payload: Buffer.from(text) })

function begin() {
  const clock = manualClock()
  const wire = fakeWire()
  const publisher = new Publisher(wire, { producerId: 'p', clientId: '', clock, chance: () => 1, deadlineMs: 10_000 })
  const stream = () => wire.publishing.at(-1)!
  const opened = (receiveMaximum = 1_000) =>
    stream().says({ frame: { $case: 'opened', value: { lastSequence: 0, receiveMaximum } } })
  const ack = (...sequences: number[]) =>
    stream().says({ frame: { $case: 'acks', value: { acks: sequences.map(ackOf) } } })
  const framesOf = (at = -1) =>
    wire.publishing
      .at(at)!
      .sent.flatMap(({ frame }) =>
        frame?.$case === 'items' ? [frame.value.items.map(({ sequence }) => sequence)] : [],
      )
  return { clock, wire, publisher, stream, opened, ack, framesOf }
}

const ackOf = (sequence: number): messaging.PublishStreamResponse_Ack => {
  const receipt = {
    messageId: `1-${sequence}`,
    position: undefined,
    publishTime: undefined,
    traceId: '',
    deduplicated: false,
  }
  return { sequence, result: { outcome: { $case: 'receipt', value: receipt } } }
}

const many = (publisher: Publisher, count: number) =>
  Array.from({ length: count }, (_, i) => publisher.publish(messageOf(`${i}`)))

test('what is published in one turn goes in as few frames as possible, and each gets its receipt', async () => {
  const { clock, publisher, opened, ack, framesOf, stream } = begin()
  const receipts = many(publisher, 100)
  clock.pass(0)
  expect(stream().sent).toEqual([{ frame: { $case: 'open', value: { producerId: 'p', clientId: '' } } }])
  opened()
  expect(framesOf().map((items) => items.length)).toEqual([64, 36])
  ack(2, 1, ...Array.from({ length: 98 }, (_, i) => i + 3))
  expect((await Promise.all(receipts)).map(({ messageId }) => messageId)).toEqual(
    Array.from({ length: 100 }, (_, i) => `1-${i + 1}`),
  )
})

test('no more is on the way than the server takes', () => {
  const { clock, publisher, opened, ack, framesOf } = begin()
  many(publisher, 5)
  clock.pass(0)
  opened(2)
  expect(framesOf()).toEqual([[1, 2]])
  ack(2)
  expect(framesOf()).toEqual([[1, 2], [3]])
})

test('while the transport holds back nothing is sent', () => {
  const { clock, publisher, opened, stream, framesOf } = begin()
  many(publisher, 130)
  clock.pass(0)
  stream().takes = false
  opened()
  expect(framesOf()).toHaveLength(1)
  stream().listener.drained()
  expect(framesOf()).toHaveLength(2)
})

test('after a break all that was not acknowledged goes again, in order, with its sequences', async () => {
  const { clock, publisher, opened, ack, stream, framesOf, wire } = begin()
  const receipts = many(publisher, 4)
  clock.pass(0)
  opened()
  ack(2)
  stream().ends(unavailable)
  const fifth = publisher.publish(messageOf('4'))
  clock.pass(99)
  expect(wire.publishing).toHaveLength(1)
  clock.pass(1)
  opened()
  expect(framesOf()).toEqual([[1, 3, 4, 5]])
  ack(1, 3, 4, 5)
  expect(await Promise.all([...receipts, fifth])).toHaveLength(5)
})

test('attempts are ever further apart, until one is answered', () => {
  const { clock, publisher, stream, wire } = begin()
  const late = publisher.publish(messageOf('x')).catch(() => {})
  clock.pass(0)
  const waits: number[] = []
  for (let attempt = 0; attempt < 4; attempt++) {
    const before = wire.publishing.length
    stream().ends(unavailable)
    let waited = 0
    for (; wire.publishing.length === before; waited += 100) clock.pass(100)
    waits.push(waited)
  }
  expect(waits).toEqual([100, 200, 400, 800])
  publisher.close()
  return late
})

test('what the region refuses fails at once, and is not tried again', async () => {
  const { clock, publisher, opened, stream, wire } = begin()
  const refused = expect(publisher.publish(messageOf('x'))).rejects.toMatchObject({ reason: 'NO_RULE_MATCHED' })
  clock.pass(0)
  opened()
  stream().ends({ code: 'PERMISSION_DENIED', reason: 'NO_RULE_MATCHED', message: 'no' })
  await refused
  clock.pass(60_000)
  expect(wire.publishing).toHaveLength(1)
})

test('a receipt that does not come in time is given up, and the next message still goes', async () => {
  const { clock, publisher, opened, ack, framesOf } = begin()
  const late = expect(publisher.publish(messageOf('x'))).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  clock.pass(0)
  opened(1)
  clock.pass(10_000)
  await late
  const next = publisher.publish(messageOf('y'))
  clock.pass(0)
  expect(framesOf()).toEqual([[1], [2]])
  ack(2)
  await next
})

test('too many on the way make the next one wait, not the heap grow', async () => {
  const { clock, publisher, opened, ack } = begin()
  const { pendingMax } = publisherLimits
  const receipts = many(publisher, pendingMax)
  let waited = true
  const next = publisher.publish(messageOf('more')).then(() => {
    waited = false
  })
  clock.pass(0)
  opened(pendingMax * 2)
  await Promise.resolve()
  expect(waited).toBe(true)
  ack(...Array.from({ length: pendingMax }, (_, i) => i + 1))
  await Promise.all(receipts)
  await Promise.resolve()
  clock.pass(0)
  ack(pendingMax + 1)
  await next
})
