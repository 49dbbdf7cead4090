// Row H3 of the bad input: what is hardly protobuf.
import { Buffer } from 'node:buffer'
import { cluster, messaging } from '@tern/proto'
import { expect, test } from 'vitest'
import {
  attackedApi,
  call,
  code,
  drainPath,
  framed,
  grpcHeaders,
  memoryGrowth,
  publishPath,
  stillServes,
} from './attacked-api.ts'

const drain = (fields: Partial<cluster.DrainRequest>) =>
  cluster.DrainRequest.encode(cluster.DrainRequest.create(fields)).finish()
const tag = (field: number, wireType: number) => varint(field * 8 + wireType)

function varint(number: number): Buffer {
  const bytes: number[] = []
  for (; number > 127; number = Math.floor(number / 128)) bytes.push((number % 128) | 128)
  return Buffer.from([...bytes, number])
}
const field = (number: number, value: Buffer) => Buffer.concat([tag(number, 2), varint(value.length), value])

test.each([
  ['a field cut short', Buffer.from([0x0a, 0x05, 0x61])],
  ['a length below zero', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])],
  ['a number of eleven bytes', Buffer.from([0x18, ...Array<number>(10).fill(0xff), 0x01])],
  ['a kind of field that there is not', Buffer.from([0x0f, 0x01])],
  ['a group that never ends', Buffer.from([0x7b])],
  ['groups within groups, 10,000 of them', Buffer.concat([Buffer.alloc(10_000, 0x7b), Buffer.alloc(10_000, 0x7c)])],
  ['groups within groups, a million of them', Buffer.alloc(1_000_000, 0x7b)],
  ['text that is no UTF-8', field(1, Buffer.from([0xc3, 0x28]))],
  ['half of a surrogate pair', field(1, Buffer.from([0xed, 0xa0, 0x80]))],
])('%s is refused', async (_, bytes) => {
  const attacked = await attackedApi()
  const answer = await call(attacked, grpcHeaders(), framed(bytes))
  expect(answer).toMatchObject({ status: code.invalidArgument, reason: 'MESSAGE_MALFORMED' })
  expect(attacked.seen).toEqual([])
  await stillServes(attacked)
})

test('fields that are not known are passed over, however large, up to the size of a message', async () => {
  const attacked = await attackedApi()
  const large = Buffer.concat([Buffer.from(drain({ zone: 'az-a' })), field(99, Buffer.alloc(3 * 1024 * 1024))])
  expect(await call(attacked, grpcHeaders(), framed(large))).toMatchObject({ status: code.ok })
  expect(attacked.seen).toMatchObject([{ request: { zone: 'az-a' } }])
  const many = Buffer.concat(Array<Buffer>(1_000_000).fill(Buffer.concat([tag(99, 0), varint(1)])))
  const grown = await memoryGrowth(async () => {
    expect(await call(attacked, grpcHeaders(), framed(many))).toMatchObject({ status: code.ok })
    const beyond = framed(Buffer.alloc(64 * 1024 * 1024, 0x18))
    expect(await call(attacked, grpcHeaders(), beyond)).toMatchObject({ reason: 'MESSAGE_TOO_LARGE' })
  })
  expect(grown).toBeLessThan(256)
  await stillServes(attacked)
})

test('a value of an enum that there is not, or below zero, reaches the handler as the number that it is', async () => {
  const attacked = await attackedApi()
  const minusOne = Buffer.from([...Array<number>(9).fill(0xff), 0x01])
  const get = Buffer.concat([field(1, Buffer.from('7-1')), tag(2, 0), minusOne])
  const answer = await call(attacked, grpcHeaders('/tern.v1.MessagingService/GetMessage'), framed(get))
  expect(answer).toMatchObject({ status: code.ok })
  expect(attacked.seen).toMatchObject([{ messageId: '7-1' }])
})

test('names that mean something to JavaScript are names like others', async () => {
  const attacked = await attackedApi()
  const properties = ['__proto__', 'constructor', 'toString'].map((name) => ({ name, value: 'x' }))
  const message = messaging.PublishRequest.fromPartial({
    messages: [{ topic: '__proto__', userProperties: properties }],
  })
  const bytes = messaging.PublishRequest.encode(message).finish()
  expect(await call(attacked, grpcHeaders(publishPath), framed(bytes))).toMatchObject({ status: code.ok })
  expect(attacked.seen).toMatchObject([{ messages: [{ topic: '__proto__', userProperties: properties }] }])
  expect(({} as Record<string, unknown>)['x']).toBeUndefined()
})

test('a field that is given twice counts as it was given last', async () => {
  const attacked = await attackedApi()
  const twice = Buffer.concat([Buffer.from(drain({ zone: 'az-a' })), Buffer.from(drain({ zone: 'az-b' }))])
  expect(await call(attacked, grpcHeaders(drainPath), framed(twice))).toMatchObject({ status: code.ok })
  expect(attacked.seen).toMatchObject([{ request: { zone: 'az-b' } }])
})
