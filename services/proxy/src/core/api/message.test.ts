import { envelope, message } from '@tern/proto'
import { encodeBody, encodeEnvelope } from '@tern/record'
import { expect, test } from 'vitest'
import { messageOf } from './message.ts'

const ids = { traceIdOf: (queue: number, position: number) => `trace of ${queue}-${position}` }
const context = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const stored = (fields: Partial<envelope.Envelope>, payload = 'on') => {
  const written = encodeEnvelope(envelope.Envelope.create(fields))
  const body = encodeBody(Buffer.from('lamp/1'), Buffer.from(payload), [['tern', written]])
  return { queue: 7, position: 1042, timeMs: 1_700_000_000_123, body }
}

test('a stored message is shown with its address, its times, and all that it was published with', () => {
  const shown = messageOf(
    stored({
      clientId: 'lamp-1',
      qos: 2,
      retain: true,
      principal: 'lamps',
      receiveTimeMs: 1_700_000_000_100,
      payloadFormat: 1,
      messageExpirySeconds: 60,
      contentType: 'text/plain',
      responseTopic: 'answers',
      correlationData: Buffer.from('c'),
      userProperties: [
        { name: 'a', value: '1' },
        { name: 'a', value: '2' },
      ],
    }),
    ids,
  )
  expect(shown).toEqual({
    messageId: '7-1042',
    topic: 'lamp/1',
    payload: Buffer.from('on'),
    payloadSize: 2,
    qos: message.QualityOfService.EXACTLY_ONCE,
    retain: true,
    contentType: 'text/plain',
    payloadFormat: message.PayloadFormat.UTF8,
    responseTopic: 'answers',
    correlationData: Buffer.from('c'),
    expiry: { seconds: 60, nanos: 0 },
    userProperties: [
      { name: 'a', value: '1' },
      { name: 'a', value: '2' },
    ],
    traceparent: '',
    position: { queue: 7, offset: 1042 },
    publishTime: { seconds: 1_700_000_000, nanos: 123_000_000 },
    publisherClientId: 'lamp-1',
    publisherPrincipal: 'lamps',
    receiveTime: { seconds: 1_700_000_000, nanos: 100_000_000 },
    traceId: 'trace of 7-1042',
    isVoid: false,
  })
})

test('the trace of a message is that of its publisher, if one context was given', () => {
  const one = { name: 'traceparent', value: context }
  expect(messageOf(stored({ userProperties: [one] }), ids)).toMatchObject({
    traceparent: context,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    userProperties: [one],
  })
  for (const userProperties of [[one, one], [{ name: 'traceparent', value: 'nonsense' }]]) {
    expect(messageOf(stored({ userProperties }), ids)).toMatchObject({ traceparent: '', traceId: 'trace of 7-1042' })
  }
})

test('a foreign record is a message of QoS 1 that nobody is known to have published', () => {
  const headers: [string, Uint8Array][] = [['traceparent', Buffer.from(context)]]
  const body = encodeBody(Buffer.from('lamp/1'), null, headers)
  expect(messageOf({ queue: 0, position: 0, timeMs: 5, body }, ids)).toMatchObject({
    messageId: '0-0',
    payloadSize: 0,
    qos: message.QualityOfService.AT_LEAST_ONCE,
    publisherClientId: '',
    receiveTime: undefined,
    traceparent: context,
  })
})

test('a view cuts or leaves out the payload, and the size says so', () => {
  const { BASIC, FULL, UNSPECIFIED } = message.MessageView
  const payloads = [
    { view: BASIC, payloadPreviewBytes: 0 },
    { view: FULL, payloadPreviewBytes: 3 },
    { view: UNSPECIFIED, payloadPreviewBytes: 3 },
    { view: FULL, payloadPreviewBytes: 0 },
    { view: FULL, payloadPreviewBytes: 99 },
  ].map((sight) => {
    const { payload, payloadSize } = messageOf(stored({}, '0123456'), ids, sight)
    return `${Buffer.from(payload)} of ${payloadSize}`
  })
  expect(payloads).toEqual([' of 7', '012 of 7', '012 of 7', '0123456 of 7', '0123456 of 7'])
})
