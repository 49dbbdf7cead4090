import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MessageReader } from './message-reader.ts'

function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

test('messages are the same however they are cut into chunks', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 })
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 })), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(framed))
      const reader = new MessageReader(1_000)
      const read: Uint8Array[] = []
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const length = cuts[i] ?? 64
        reader.push(bytes.subarray(at, at + length))
        at += length
        for (let next = reader.next(); next !== undefined; next = reader.next()) read.push(new Uint8Array(next.bytes))
      }
      expect(read).toEqual(sent.map((each) => new Uint8Array(each)))
      expect(reader.partialBytes).toBe(0)
    }),
  )
})

test('a length above the limit is refused before anything of the message has come', () => {
  const reader = new MessageReader(10)
  reader.push(Buffer.from([0, 0, 0, 0, 11]))
  expect(() => reader.next()).toThrow(/11 bytes/)
})
