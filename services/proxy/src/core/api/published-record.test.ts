import { message } from '@tern/proto'
import { encodeBody, encodeEnvelope } from '@tern/record'
import { expect, test } from 'vitest'
import { messageOf } from './message.ts'
import { publishedRecord } from './published-record.ts'

const author = { clientId: 'grpc-shop', principal: 'shop' }
const context = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const record = (fields: Partial<message.Message>) =>
  publishedRecord(message.Message.create({ topic: 'a', ...fields }), author, 5)
const { AT_MOST_ONCE, EXACTLY_ONCE } = message.QualityOfService

test('a message is stored as it was given, and shown again as it was stored', () => {
  const given = message.Message.create({
    topic: 'a/b',
    payload: Buffer.from('on'),
    qos: EXACTLY_ONCE,
    retain: true,
    contentType: 'text/plain',
    payloadFormat: message.PayloadFormat.UTF8,
    responseTopic: 'answers',
    correlationData: Buffer.from('c'),
    expiry: { seconds: 60, nanos: 0 },
    userProperties: [{ name: 'k', value: 'v' }],
  })
  const { topic, payload, envelope } = publishedRecord(given, author, 7)
  const body = encodeBody(Buffer.from(topic ?? ''), payload, [['tern', encodeEnvelope(envelope)]])
  const shown = messageOf({ queue: 1, position: 2, timeMs: 3, body }, { traceIdOf: () => 't' })
  expect({ ...shown, messageId: '', position: undefined, publishTime: undefined, receiveTime: undefined }).toEqual({
    ...given,
    publisherClientId: 'grpc-shop',
    publisherPrincipal: 'shop',
    payloadSize: 2,
    traceId: 't',
  })
})

test('without a quality of service it is at least once, and fractions of a second live on', () => {
  expect(record({}).envelope).toMatchObject({ qos: 1, messageExpirySeconds: undefined, receiveTimeMs: 5 })
  expect(record({ qos: AT_MOST_ONCE, expiry: { seconds: 1, nanos: 1 } }).envelope).toMatchObject({
    qos: 0,
    messageExpirySeconds: 2,
  })
})

test('a trace context is published as the one user property of its name', () => {
  const userProperties = [
    { name: 'traceparent', value: 'old' },
    { name: 'k', value: 'v' },
  ]
  expect(record({ traceparent: context, userProperties }).envelope.userProperties).toEqual([
    { name: 'k', value: 'v' },
    { name: 'traceparent', value: context },
  ])
})

const refused: [field: string, reason: string, fields: Partial<message.Message>][] = [
  ['message.topic', 'TOPIC_INVALID', { topic: '' }],
  ['message.topic', 'TOPIC_INVALID', { topic: 'a/+' }],
  ['message.topic', 'TOPIC_INVALID', { topic: 'a'.repeat(65_536) }],
  ['message.topic', 'TOPIC_RESERVED', { topic: '$SYS/a' }],
  ['message.content_type', 'TEXT_INVALID', { contentType: 'a\0' }],
  ['message.response_topic', 'TOPIC_INVALID', { responseTopic: '#' }],
  ['message.correlation_data', 'TEXT_TOO_LONG', { correlationData: Buffer.alloc(65_536) }],
  [
    'message.user_properties',
    'TOO_MANY_USER_PROPERTIES',
    { userProperties: Array(10_000).fill({ name: '', value: '' }) },
  ],
  ['message.user_properties', 'TEXT_INVALID', { userProperties: [{ name: '\ud800', value: '' }] }],
  [
    'message.payload',
    'PAYLOAD_FORMAT_INVALID',
    { payloadFormat: message.PayloadFormat.UTF8, payload: Buffer.from([0xff]) },
  ],
  ['message.traceparent', 'TRACEPARENT_INVALID', { traceparent: 'x' }],
  ['message.expiry', 'EXPIRY_INVALID', { expiry: { seconds: -1, nanos: 0 } }],
  ['message', 'PAYLOAD_TOO_LARGE', { payload: Buffer.alloc(1_000_000) }],
]

test.each(refused)('%s: %s', (field, reason, fields) => {
  const words = expect.objectContaining({ code: 'INVALID_ARGUMENT', reason, detail: { field } })
  expect(() => record(fields)).toThrow(words)
})
