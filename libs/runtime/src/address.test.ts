import { expect, test } from 'vitest'
import { addressOf } from './address.ts'

test.each([
  ['127.0.0.1:9092', '127.0.0.1'],
  ['k-1.example.org:9092', 'k-1.example.org'],
  ['[::1]:9092', '::1'],
])('%s is an address', (text, host) => {
  expect(addressOf(text)).toEqual({ host, port: 9092 })
})
