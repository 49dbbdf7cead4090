import { createCipheriv } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Aes128 } from './aes-128.ts'

const wordsOf = (bytes: Uint8Array) => Uint32Array.from({ length: 4 }, (_, i) => Buffer.from(bytes).readUInt32BE(4 * i))
const sixteen = () => fc.uint8Array({ minLength: 16, maxLength: 16 })

test('FIPS 197, appendix B: the example of the standard', () => {
  const block = wordsOf(Buffer.from('3243f6a8885a308d313198a2e0370734', 'hex'))
  new Aes128(Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex')).encrypt(block)
  expect(block).toEqual(wordsOf(Buffer.from('3925841d02dc09fbdc118597196a0b32', 'hex')))
})

test('any block under any key is enciphered as OpenSSL does it, and deciphered to itself', () => {
  fc.assert(
    fc.property(sixteen(), sixteen(), (key, plain) => {
      const reference = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
      const cipher = new Aes128(key)
      const block = wordsOf(plain)
      cipher.encrypt(block)
      expect(block).toEqual(wordsOf(reference.update(plain)))
      cipher.decrypt(block)
      expect(block).toEqual(wordsOf(plain))
    }),
  )
})

test('a key of another length is refused', () => {
  expect(() => new Aes128(new Uint8Array(15))).toThrow('has 16 bytes, not 15')
})
