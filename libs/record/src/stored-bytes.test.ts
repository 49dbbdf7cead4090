// A batch of tern.messages as the release of November 2026 wrote it: every later one must read it. A test that fails here is never mended
// by new bytes; add those of the new form beside the old ones.
import { envelope } from '@tern/proto'
import { expect, test } from 'vitest'
import { batches, decodeEnvelope, readBody } from './index.ts'

const stored = Buffer.from(
  'AAAAAAAAAfQAAAEp/////wJUChE8AAgAAAAGAAABi8/laHsAAAGLz+Voe///////////////////AAAAB7gBAAAABmEvYg5wYXlsb2FkAgh0ZXJuigEKA2RldhACGAEgCzCsAjoECAUQBkIICgQIAxAEEAdYgNCV/7wxYgN3aG9oAXAAegR0ZXh0ggEBcooBAWOSAQYKAW4SAXZUAAACBmEvYgh3aWxsAgh0ZXJuLgoDZGV2EAEqDHdpbGwvZGV2LzUuNjABUAAABAEBAgh0ZXJuOAoDZGV2IAswrQI6BAgFEAZCCAoECAMQBBAHSAEcAAAGAQECCHRlcm4EUAseAAAIAQECCHRlcm4GmAEMKgAACgEBAgh0ZXJuEiALMK4CoAGXASAAAAwGYS9iDmZvcmVpZ24A',
  'base64',
)
const connection = { epoch: 5, counter: 6 }
const qosTwo = { session: { epoch: 3, counter: 4 }, packetId: 7 }

const published = {
  ...{ clientId: 'dev', qos: 2, retain: true, producer: 11, sequence: 300, connection, qosTwo, principal: 'who' },
  ...{ receiveTimeMs: 1_700_000_000_000, payloadFormat: 1, messageExpirySeconds: 0, contentType: 'text' },
  ...{ responseTopic: 'r', correlationData: Buffer.from('c'), userProperties: [{ name: 'n', value: 'v' }] },
}
const written: [key: string | undefined, value: string | undefined, fields: Partial<envelope.Envelope> | undefined][] =
  [
    ['a/b', 'payload', published],
    ['a/b', 'will', { clientId: 'dev', qos: 1, producerName: 'will/dev/5.6', sequence: 1 }],
    [undefined, undefined, { clientId: 'dev', release: true, producer: 11, sequence: 301, connection, qosTwo }],
    [undefined, undefined, { endedProducer: 11 }],
    [undefined, undefined, { settledThrough: 12 }],
    [undefined, undefined, { producer: 11, sequence: 302, refused: 0x97 }],
    ['a/b', 'foreign', undefined],
  ]

test('records, their envelopes and the markers between them are read as they were written', () => {
  const [batch, ...more] = [...batches(stored)]
  expect(more).toEqual([])
  expect(batch).toMatchObject({ content: 'records', baseOffset: 500, lastOffset: 506, appendTimeMs: 1_700_000_000_123 })
  const records = [...(batch?.records() ?? [])].map(({ offset, body }) => {
    const { key, value, header } = readBody(body, 0, body.length)
    const envelope = header('tern')
    return [offset, key?.toString(), value?.toString(), envelope && decodeEnvelope(envelope)]
  })
  expect(records).toEqual(
    written.map(([key, value, fields], i) => [500 + i, key, value, fields && envelope.Envelope.create(fields)]),
  )
})
