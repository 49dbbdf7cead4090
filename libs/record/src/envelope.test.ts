import { envelope } from '@tern/proto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeEnvelope,
  type Envelope,
  encodeBody,
  encodeEnvelope,
  encodeMessage,
  envelopeOf,
  keyText,
  publisherOf,
} from './index.ts'

const count = fc.maxSafeNat()
const small = fc.nat()
// The generated decoder strips a leading byte order mark, which MQTT forbids [MQTT5-1.5.4-3]; ours keeps it.
const text = fc.string({ unit: 'grapheme', maxLength: 80 }).filter((value) => !value.startsWith('\ufeff'))
const connection = fc.record({ epoch: count, counter: count })
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const envelopes: fc.Arbitrary<Envelope> = fc.record({
  clientId: text,
  qos: small,
  retain: fc.boolean(),
  producer: count,
  producerName: text,
  sequence: count,
  connection: optional(connection),
  qosTwo: optional(fc.record({ session: optional(connection), packetId: small })),
  release: fc.boolean(),
  endedProducer: count,
  receiveTimeMs: count,
  principal: text,
  payloadFormat: small,
  messageExpirySeconds: optional(small),
  contentType: optional(text),
  responseTopic: optional(text),
  correlationData: optional(fc.uint8Array({ maxLength: 300 })),
  settledThrough: count,
  userProperties: fc.array(fc.record({ name: text, value: text }), { maxLength: 5 }),
  refused: small,
  publisher: optional(fc.record({ name: text, sequence: count })),
})

test('an envelope is encoded byte for byte as the generated codec does', () => {
  fc.assert(
    fc.property(envelopes, (content) => {
      expect(encodeEnvelope(content).equals(envelope.Envelope.encode(content).finish())).toBe(true)
    }),
  )
})

test('an envelope is decoded as the generated codec does', () => {
  fc.assert(
    fc.property(envelopes, (content) => {
      const { correlationData, ...rest } = decodeEnvelope(envelope.Envelope.encode(content).finish())
      const { correlationData: correlationExpected, ...expected } = content
      expect(rest).toEqual(expected)
      expect(correlationData && Uint8Array.from(correlationData)).toEqual(correlationExpected)
    }),
  )
})

test('a cut envelope is a RangeError', () => {
  expect(() => decodeEnvelope(Buffer.from([0x0a, 5, 1]))).toThrow(RangeError)
})

const topics = fc.option(fc.string({ unit: 'grapheme', maxLength: 200 }))
const payloads = fc.option(fc.uint8Array({ maxLength: 2_000 }))
const contexts = fc.option(fc.string({ maxLength: 60 }), { nil: undefined })

test('a message is encoded byte for byte as the body of its parts', () => {
  fc.assert(
    fc.property(topics, payloads, envelopes, contexts, (topic, payload, envelope, context) => {
      const headers: [string, Uint8Array][] = [['tern', encodeEnvelope(envelope)]]
      if (context !== undefined) headers.push(['traceparent', Buffer.from(context)])
      const parts = encodeBody(topic === null ? null : Buffer.from(topic), payload, headers)
      expect(encodeMessage(topic, payload, envelope, context).equals(parts)).toBe(true)
    }),
  )
})

test('its topic and its envelope are read out of it', () => {
  fc.assert(
    fc.property(topics, payloads, envelopes, (topic, payload, envelope) => {
      const body = encodeMessage(topic, payload, envelope)
      expect(keyText(body) ?? null).toBe(topic)
      expect(publisherOf(body)).toBe(envelope.clientId)
      expect(encodeEnvelope(envelopeOf(body)!).equals(encodeEnvelope(envelope))).toBe(true)
    }),
  )
})

test('the envelope may stand behind other headers, or be missing, or have no content', () => {
  const header = encodeEnvelope({ ...envelopeOf(encodeMessage('t', null, sample))!, clientId: 'c' })
  expect(
    envelopeOf(
      encodeBody(null, null, [
        ['tern2', header],
        ['tern', header],
      ]),
    )?.clientId,
  ).toBe('c')
  expect(envelopeOf(encodeBody(null, null, [['other', header]]))).toBeUndefined()
  const [, ...rest] = encodeBody(null, null, [['tern', Buffer.alloc(0)]])
  expect(envelopeOf(Buffer.from([1, ...rest.slice(0, -1), 1]))).toBeUndefined()
})

test('a body that is cut off is a RangeError', () => {
  const body = encodeMessage('topic', Buffer.from('payload'), sample)
  for (let end = 1; end < body.length; end++) expect(() => envelopeOf(body.subarray(0, end))).toThrow(RangeError)
})

const [sample] = fc.sample(envelopes, { numRuns: 1, seed: 1 }) as [Envelope]
