import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  batchAt,
  batches,
  CorruptBatch,
  crc32c,
  encodeBatch,
  encodeBody,
  PackedWriter,
  readBody,
  stampBatch,
  unpack,
} from './index.ts'

const bytes = fc.uint8Array({ maxLength: 300 })

test('CRC-32C has the value that RFC 3720 gives for its examples', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
})

test('a body gives back key, value and headers', () => {
  fc.assert(
    fc.property(fc.option(bytes), fc.option(bytes), bytes, (key, value, header) => {
      const encoded = encodeBody(key, value, [
        ['tern', header],
        ['traceparent', Buffer.from('x')],
      ])
      const body = readBody(encoded, 0, encoded.length)
      expect(body.key === null ? null : Uint8Array.from(body.key)).toEqual(key)
      expect(body.value === null ? null : Uint8Array.from(body.value)).toEqual(value)
      expect(Uint8Array.from(body.header('tern') ?? [])).toEqual(header)
      expect(body.header('traceparent')?.toString()).toBe('x')
      expect(body.header('none')).toBeUndefined()
    }),
  )
})

test('batches give back their records at the offsets that the log gave', () => {
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 200 }), fc.nat(), (bodies, base) => {
      const batch = encodeBatch(bodies.map((body) => Buffer.from(body)))
      stampBatch(batch, base, 1_700_000_000_123)
      const [view, ...more] = [...batches(batch)]
      expect(more).toEqual([])
      expect(view).toMatchObject({
        baseOffset: base,
        lastOffset: base + bodies.length - 1,
        appendTimeMs: 1_700_000_000_123,
        count: bodies.length,
      })
      expect([...(view?.records() ?? [])].map(({ offset, body }) => [offset, Uint8Array.from(body)])).toEqual(
        bodies.map((body, i) => [base + i, body]),
      )
    }),
  )
})

test('a batch that is cut is not there yet, and one with a flipped bit is corrupt', () => {
  const batch = encodeBatch([Buffer.from('one'), Buffer.from('two')])
  expect(batchAt(batch.subarray(0, batch.length - 1), 0)).toBeUndefined()
  batch[batch.length - 1]! ^= 1
  expect(() => batchAt(batch, 0)).toThrow(CorruptBatch)
})

/** The attribute bits that Kafka's producers and transactions set. */
function marked(bits: number): Buffer {
  const batch = encodeBatch([Buffer.from('one'), Buffer.from('two')])
  batch.writeInt16BE(bits, 21)
  stampBatch(batch, 5, 1)
  return batch
}

test('a control batch keeps its offsets and holds no record', () => {
  const [view, ...more] = [...batches(Buffer.concat([marked(0x30), marked(0x10)]))]
  expect(view).toMatchObject({ content: 'control', baseOffset: 5, lastOffset: 6 })
  expect([...(view?.records() ?? [])]).toEqual([])
  expect(more).toMatchObject([{ content: 'records' }])
})

test.each([1, 2, 3, 4])('a batch compressed with codec %i says so, and is not unpacked', (codec) => {
  const view = batchAt(marked(codec), 0)
  expect(view?.content).toBe('compressed')
  expect(() => [...(view?.records() ?? [])]).toThrow(CorruptBatch)
})

test('packed records give back positions, times and bodies', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ step: fc.nat(1000), time: fc.integer({ min: -5000, max: 5000 }), body: bytes })),
      (list) => {
        const writer = new PackedWriter(7, 1_000_000)
        let position = 7
        const written = list.map(({ step, time, body }) => {
          position += step
          return { position, timeMs: 1_000_000 + time, body }
        })
        for (const record of written) writer.add(record.position, record.timeMs, record.body)
        expect(
          [...unpack(writer.finish(), 7, 1_000_000)].map((r) => ({ ...r, body: Uint8Array.from(r.body) })),
        ).toEqual(written)
      },
    ),
  )
})
