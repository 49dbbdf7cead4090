import { envelope } from '@tern/proto'
import { decodeEnvelope, encodeBody, encodeEnvelope, readBody } from '@tern/record'
import { expect, test } from 'vitest'
import { RetainedAdmission } from './retained-admission.ts'
import { RetainedTopics } from './retained-topics.ts'

const retain = (topic: string, payload: string, fields: Partial<envelope.Envelope> = {}) => {
  const record = envelope.Envelope.create({ clientId: 'c', producer: 7, sequence: 5, retain: true, ...fields })
  const body = encodeBody(Buffer.from(topic), Buffer.from(payload), [['tern', encodeEnvelope(record)]])
  return { record, body }
}

const bytesOfOne = retain('a', '1').body.length

/** A queue that keeps one retained message for each of these topics. */
function keeping(...topics: string[]): RetainedTopics {
  const retained = new RetainedTopics()
  for (const [position, topic] of topics.entries()) {
    retained.apply({ position, timeMs: 0, topic, body: retain(topic, '1').body })
  }
  return retained
}

/** Which of the messages of a batch are retained. */
function admitted(retained: RetainedTopics, quotas: Partial<Quotas>, ...messages: [topic: string, payload: string][]) {
  const { admit } = new RetainedAdmission(retained, { retainedMax: 100, retainedBytesMax: 10_000, ...quotas })
  return messages.map(([topic, payload]) => admit(retain(topic, payload)).record.retain)
}
type Quotas = ConstructorParameters<typeof RetainedAdmission>[1]

test('a new topic beyond the number is refused; one that is there is replaced and deleted, also when the quota was lowered', () => {
  const retained = keeping('a', 'b')
  expect(admitted(retained, { retainedMax: 2 }, ['c', '1'], ['a', '2'], ['b', '']).map(Number)).toEqual([0, 1, 1])
  expect(admitted(retained, { retainedMax: 1 }, ['a', '2'], ['c', '1'], ['c', '']).map(Number)).toEqual([1, 0, 1])
})

test('a new topic beyond the bytes is refused; what replaces may be larger', () => {
  const quotas = { retainedBytesMax: 2 * bytesOfOne }
  expect(admitted(keeping('a'), quotas, ['b', '1'], ['c', '1'])).toEqual([true, false])
  expect(admitted(keeping('a'), quotas, ['a', '1'.repeat(1_000)], ['b', '1'])).toEqual([true, false])
  expect(admitted(keeping('a', 'b'), quotas, ['c', '1'], ['a', ''], ['c', '1'])).toEqual([false, true, true])
})

test('what earlier records of the batch make new or delete is counted', () => {
  const batch: [string, string][] = [
    ['a', '1'],
    ['a', '2'],
    ['b', '1'],
    ['a', ''],
    ['b', '1'],
    ['c', '1'],
  ]
  expect(admitted(keeping(), { retainedMax: 1 }, ...batch)).toEqual([true, true, false, true, true, false])
})

test('a refusal stands in the place of the record: no message, of the same producer, connection and sequence', () => {
  const { admit } = new RetainedAdmission(keeping('a'), { retainedMax: 1, retainedBytesMax: 1_000 })
  const connection = { epoch: 2, counter: 3 }
  const { record, body } = admit(retain('b', '1', { connection }))
  expect(record).toEqual(
    envelope.Envelope.create({ clientId: 'c', connection, producer: 7, sequence: 5, refused: 0x97 }),
  )
  const { key, value, header } = readBody(body, 0, body.length)
  expect([key, value, decodeEnvelope(header('tern')!)]).toEqual([null, null, record])
})

test('a will for which there is no room is a message that is not retained', () => {
  const { admit } = new RetainedAdmission(keeping('a'), { retainedMax: 1, retainedBytesMax: 1_000 })
  const { record, body } = admit(retain('b', 'bye', { producer: 0, producerName: 'will/c/1.1' }))
  expect(record).toMatchObject({ retain: false, refused: 0 })
  const { key, value, header } = readBody(body, 0, body.length)
  expect([String(key), String(value), decodeEnvelope(header('tern')!).retain]).toEqual(['b', 'bye', false])
})

test('the bytes of a queue are those of what it keeps, also after replacing, deleting and a snapshot', () => {
  const retained = keeping('a', 'b', 'a')
  expect([retained.size, retained.bytes]).toEqual([2, 2 * bytesOfOne])
  retained.apply({ position: 9, timeMs: 0, topic: 'a', body: retain('a', '').body })
  expect([retained.size, retained.bytes]).toEqual([1, bytesOfOne])
  const next = new RetainedTopics()
  next.restore([...retained.page('#', '', 10).entries.map(([, message]) => message)])
  expect([next.size, next.bytes]).toEqual([1, bytesOfOne])
})
