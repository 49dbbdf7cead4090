import { message, type messaging } from '@tern/proto'
import type { ApiStream } from '@tern/rpc'
import { systemClock } from '@tern/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { publishLimits } from '../../core/api/publish-limits.ts'
import type { AppendResult } from '../../ports.ts'
import { publishStream } from './publish-stream.ts'
import { outcomeOf, served } from './served.fixture.ts'

type Request = messaging.PublishStreamRequest
type Response = messaging.PublishStreamResponse

const toTopic = (topic: string, text = 'x') => message.Message.fromPartial({ topic, payload: Buffer.from(text) })
const open = (producerId = ''): Request => ({ frame: { $case: 'open', value: { producerId, clientId: '' } } })
const items = (...sequences: number[]): Request => ({
  frame: {
    $case: 'items',
    value: { items: sequences.map((sequence) => ({ sequence, message: toTopic(`t/${sequence}`, `${sequence}`) })) },
  },
})

/** Sequences of acknowledgements, refused ones negative. */
const acked = ({ frame }: Response): number[] =>
  frame?.$case === 'acks'
    ? frame.value.acks.map(({ sequence, result }) => (result?.outcome?.$case === 'receipt' ? sequence : -sequence))
    : []

async function read(stream: ApiStream<Request, Response>, count: number): Promise<number[]> {
  const seen: number[] = []
  for await (const response of stream) {
    seen.push(...acked(response))
    if (seen.length >= count) break
  }
  return seen
}

test('each message of a batch gets its address, or the reason why it has none', async () => {
  const { client, query } = await served(onTestFinished)
  const messages = [toTopic('shop/a', 'first'), toTopic('shop/+'), toTopic('shop/b')]
  const { results } = await client.publish({ messages, requestId: '', clientId: 'teller' })
  const [first, second, third] = results.map(({ outcome }) => outcome)
  expect(second).toMatchObject({ $case: 'error', value: { message: expect.stringContaining('messages[1].topic') } })
  const id = first?.$case === 'receipt' ? first.value.messageId : ''
  expect(id).toMatch(/^\d+-\d+$/)
  expect(third?.$case).toBe('receipt')
  const { messages: found } = await query({ publisherClientId: 'teller', topicFilter: 'shop/a' })
  expect(found).toMatchObject([{ messageId: id, topic: 'shop/a', payload: Buffer.from('first') }])
})

test('a batch of nothing, of too much, or of which all is wrong fails as a call', async () => {
  const { client } = await served(onTestFinished)
  const publish = (messages: message.Message[], clientId = '') =>
    outcomeOf(client.publish({ messages, requestId: '', clientId }))
  expect(await publish([])).toBe('INVALID_ARGUMENT TOO_MANY_MESSAGES')
  expect(await publish(Array(1_001).fill(toTopic('a')))).toBe('INVALID_ARGUMENT TOO_MANY_MESSAGES')
  expect(await publish([toTopic('')])).toBe('INVALID_ARGUMENT TOPIC_INVALID')
  expect(await publish([toTopic('#'), toTopic('+')])).toBe('INVALID_ARGUMENT TOPIC_INVALID')
  expect(await publish([toTopic('a')], 'x'.repeat(257))).toBe('INVALID_ARGUMENT TEXT_TOO_LONG')
})

test('a stream acknowledges by sequence, and says of each item what is wrong with it', async () => {
  const { client } = await served(onTestFinished)
  const stream = client.publishStream()
  await stream.send(open('p'))
  await stream.send(items(1, 2))
  const bad = { sequence: 5, message: toTopic('a/#') }
  await stream.send({ frame: { $case: 'items', value: { items: [bad, { sequence: 7, message: undefined }] } } })
  stream.end()
  expect((await read(stream, 4)).sort((a, b) => a - b)).toEqual([-7, -5, 1, 2])
})

test('a stream ends when its publisher has said all and knows all', async () => {
  const { client } = await served(onTestFinished)
  const stream = client.publishStream()
  await stream.send(open())
  await stream.send(items(1, 2, 3))
  stream.end()
  expect(await read(stream, Number.POSITIVE_INFINITY)).toEqual([1, 2, 3])
})

test.each<[name: string, frames: Request[], outcome: string]>([
  ['items before the open', [items(1)], 'INVALID_ARGUMENT STREAM_NOT_OPENED'],
  ['a second open', [open(), open()], 'INVALID_ARGUMENT STREAM_NOT_OPENED'],
  ['an empty frame', [open(), { frame: undefined }], 'INVALID_ARGUMENT STREAM_NOT_OPENED'],
  ['a sequence twice', [open(), items(1, 1)], 'INVALID_ARGUMENT SEQUENCE_NOT_RISING'],
  ['a sequence of 0', [open(), items(0)], 'INVALID_ARGUMENT SEQUENCE_NOT_RISING'],
])('%s ends the stream with a reason', async (_, frames, outcome) => {
  const { client } = await served(onTestFinished)
  const stream = client.publishStream()
  for (const frame of frames) await stream.send(frame)
  expect(await outcomeOf(read(stream, 1_000))).toBe(outcome)
})

test('a stream of a producer begins with what is stored of it, and each record says whose it is and which', async () => {
  const { client, owners } = await served(onTestFinished)
  owners.published.set('producer/till', 41)
  const stream = client.publishStream()
  await stream.send(open('till'))
  await stream.send(items(42))
  stream.end()
  const frames: Response['frame'][] = []
  for await (const { frame } of stream) frames.push(frame)
  expect(frames[0]).toMatchObject({ $case: 'opened', value: { lastSequence: 41 } })
  expect(owners.envelopes.map(({ publisher }) => publisher)).toEqual([{ name: 'producer/till', sequence: 42 }])
})

test("the items of a request are one publisher, numbered; without an id they are nobody's", async () => {
  const { client, owners } = await served(onTestFinished)
  const publish = (requestId: string) =>
    client.publish({ messages: [toTopic('a'), toTopic('b')], requestId, clientId: '' })
  await publish('r-1')
  await publish('')
  expect(owners.envelopes.map(({ publisher }) => publisher)).toEqual([
    { name: 'request/r-1', sequence: 1 },
    { name: 'request/r-1', sequence: 2 },
    undefined,
    undefined,
  ])
  expect(await outcomeOf(publish('x'.repeat(257)))).toBe('INVALID_ARGUMENT TEXT_TOO_LONG')
})

/** A stream whose owners answer when the test says so. */
function held() {
  const answers: ((result: AppendResult) => void)[] = []
  const taken: number[] = []
  let roomy = true
  const rooms: (() => void)[] = []
  const region = {
    queueOf: () => 0,
    hasRoom: () => roomy,
    publishedThrough: async () => 0,
    whenRoom: (_: number, then: () => void) => void rooms.push(then),
    append: (_: number, __: unknown, answer: (result: AppendResult) => void) => void answers.push(answer),
  }
  async function* requests(): AsyncGenerator<Request> {
    yield open()
    for (let sequence = 1; sequence <= 3_000; sequence++) {
      taken.push(sequence)
      yield items(sequence)
    }
  }
  const gone = new AbortController()
  const looking = { clock: systemClock, traceIds: { traceIdOf: () => 'trace' } }
  const anonymous = { clientId: 'nobody', principal: '' }
  const responses = publishStream(
    requests(),
    { region, looking, anonymous },
    { signal: gone.signal, deadlineMs: undefined },
  )
  const setRoom = (room: boolean) => {
    roomy = room
    for (const then of rooms.splice(0)) then()
  }
  return { answers, taken, responses, gone, setRoom }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('no more is taken than may be unacknowledged, and more when something is answered', async () => {
  const { answers, taken, responses } = held()
  await responses.next()
  const next = responses.next()
  while (answers.length < publishLimits.receiveMaximum) await settled()
  await settled()
  expect(answers).toHaveLength(publishLimits.receiveMaximum)
  expect(taken).toHaveLength(publishLimits.receiveMaximum + 1)
  answers[0]?.({ verdict: 'stored', position: 9 })
  expect(acked((await next).value)).toEqual([1])
  await settled()
  expect(answers).toHaveLength(publishLimits.receiveMaximum + 1)
})

test('while a queue has no room the stream is not read; who goes away meanwhile leaves nothing behind', async () => {
  const { answers, responses, gone, setRoom } = held()
  setRoom(false)
  await responses.next()
  const next = responses.next()
  await settled()
  expect(answers).toHaveLength(0)
  gone.abort()
  expect((await next).done).toBe(true)
  setRoom(true)
  await settled()
  expect(answers).toHaveLength(0)
})
