import { envelope } from '@tern/proto'
import { encodeBody, encodeEnvelope } from '@tern/record'
import { expect, test } from 'vitest'
import { readRecord, topicIfMessage } from './record-reading.ts'

const foreign = (key: Buffer | string | null, headers: [string, Buffer][] = []) =>
  encodeBody(key === null ? null : Buffer.from(key), Buffer.from('x'), headers)
const ours = encodeEnvelope(envelope.Envelope.create({ producer: 7, sequence: 1, qos: 1 }))

const invalidKeys: [string, Buffer | string][] = [
  ['empty', ''],
  ['with +', 'a/+'],
  ['with #', '#'],
  ['with U+0000', 'a\0b'],
  ['that is no UTF-8', Buffer.from([0x61, 0xff])],
  ['with a surrogate', Buffer.from([0xed, 0xa0, 0x80])],
  ['above 65,535 bytes', 'a'.repeat(65_536)],
  ['of too many levels', '/'.repeat(200)],
]

test.each(invalidKeys)('a record whose key is %s is no message', (_, key) => {
  const why = 'its key is no valid MQTT topic name'
  expect(readRecord(foreign(key))).toEqual({ writer: 'nobody', why })
  expect(readRecord(foreign(key, [['tern', ours]]))).toEqual({ writer: 'nobody', why })
  expect(topicIfMessage(foreign(key), () => true)).toBeUndefined()
})

test.each(['a', '/', 'ä/\ufffd', 'a'.repeat(65_535), '$app/x'])(
  'a record with the key %.20s is a foreign message',
  (topic) => {
    expect(readRecord(foreign(topic))).toEqual({ writer: 'foreign', topic })
    expect(readRecord(foreign(topic, [['other', Buffer.from('1')]]))).toEqual({ writer: 'foreign', topic })
    expect(topicIfMessage(foreign(topic), () => true)).toBe(topic)
    expect(topicIfMessage(foreign(topic), () => false)).toBeUndefined()
  },
)

test('a record without key and without envelope is no message', () => {
  expect(readRecord(foreign(null))).toEqual({ writer: 'nobody', why: 'it has no key' })
})

test.each([
  ['cut off', ours.subarray(0, ours.length - 1)],
  ['of random bytes', Buffer.from('4f9a1100ff', 'hex')],
  ['with QoS 3', encodeEnvelope(envelope.Envelope.create({ qos: 3 }))],
])('a record whose envelope is %s is no message', (_, header) => {
  const reading = readRecord(foreign('a', [['tern', header]]))
  expect(reading).toEqual({ writer: 'nobody', why: 'its header "tern" is no envelope' })
})

test('a record of the region has its envelope, and a marker no topic', () => {
  const envelopeRead = expect.objectContaining({ producer: 7, sequence: 1 })
  expect(readRecord(foreign('a', [['tern', ours]]))).toEqual({ writer: 'region', envelope: envelopeRead, topic: 'a' })
  const marker = readRecord(encodeBody(null, null, [['tern', ours]]))
  expect(marker).toEqual({ writer: 'region', envelope: envelopeRead, topic: undefined })
})
