import fc from 'fast-check'
import { expect, test } from 'vitest'
import { messageIdOf, parseMessageId } from './message-id.ts'

test('a message id is its queue and its position', () => {
  expect(messageIdOf(7, 1042)).toBe('7-1042')
  expect(parseMessageId('7-1042')).toEqual({ queue: 7, position: 1042 })
})

test('what was written is read again, of any address', () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.maxSafeNat(), (queue, position) => {
      expect(parseMessageId(messageIdOf(queue, position))).toEqual({ queue, position })
    }),
  )
})

test.each([
  ['', '7', '7-', '-7', '7-1042-3', ' 7-1042', '7-1042\n', '+7-1042', '07-1042', '7-01042', '7-1e3', '7-0x10', '7--1'],
  ['65536-0', '99999-0', '100000-0', '0-9007199254740992', '0-99999999999999999', '７-1', '7_1042', '7-1042 OR 1=1'],
])('what no message has is no message id', (...texts) => {
  expect(texts.filter((text) => parseMessageId(text) !== undefined)).toEqual([])
})

test('text that is read is what would have been written', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{1,6}-[0-9]{1,18}$/), (text) => {
      const address = parseMessageId(text)
      if (address !== undefined) expect(messageIdOf(address.queue, address.position)).toBe(text)
    }),
  )
})
