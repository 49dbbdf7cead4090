import { envelope } from '@tern/proto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEnvelope, type Envelope, encodeEnvelope } from './index.ts'

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
