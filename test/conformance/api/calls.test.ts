// Row H2 of the bad input: calls of gRPC that no client library makes.
import { gzipSync } from 'node:zlib'
import { cluster } from '@tern/proto'
import { expect, onTestFinished, test } from 'vitest'
import {
  answerOf,
  attackedApi,
  call,
  code,
  drainPath,
  framed,
  grpcHeaders,
  memoryGrowth,
  session,
  stillServes,
} from './attacked-api.ts'

const request = framed(cluster.DrainRequest.encode(cluster.DrainRequest.create({ zone: 'az-a' })).finish())

test('a message that claims four gigabytes is refused by its length alone', async () => {
  const attacked = await attackedApi()
  const grown = await memoryGrowth(async () => {
    const answer = await call(attacked, grpcHeaders(), framed(Buffer.alloc(10), 0, 0xffff_ffff), true)
    expect(answer).toMatchObject({ http: 200, status: code.resourceExhausted, reason: 'MESSAGE_TOO_LARGE' })
  })
  expect(grown).toBeLessThan(64)
  await stillServes(attacked)
})

test('a bomb of gzip is given up on at the limit', async () => {
  const attacked = await attackedApi()
  const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024))
  const grown = await memoryGrowth(async () => {
    const answer = await call(attacked, grpcHeaders(drainPath, { 'grpc-encoding': 'gzip' }), framed(bomb, 1))
    expect(answer).toMatchObject({ status: code.resourceExhausted, reason: 'MESSAGE_TOO_LARGE' })
  })
  expect(grown).toBeLessThan(64)
  await stillServes(attacked)
})

test.each([
  ['gzip that is none', { 'grpc-encoding': 'gzip' }, framed(Buffer.from('hello'), 1), 'MESSAGE_MALFORMED'],
  ['gzip cut short', { 'grpc-encoding': 'gzip' }, framed(gzipSync('hello').subarray(0, 12), 1), 'MESSAGE_MALFORMED'],
  ['an unknown packing', { 'grpc-encoding': 'snappy' }, framed(Buffer.from('hello'), 1), 'ENCODING_UNKNOWN'],
  [
    'a packing named like a property',
    { 'grpc-encoding': 'constructor' },
    framed(Buffer.from('x'), 1),
    'ENCODING_UNKNOWN',
  ],
  ['packed, by nothing that is said', {}, framed(Buffer.from('hello'), 1), 'ENCODING_UNKNOWN'],
  ['no message', {}, Buffer.alloc(0), 'REQUEST_INCOMPLETE'],
  ['two messages', {}, Buffer.concat([request, request]), 'REQUEST_INCOMPLETE'],
  ['half of a prefix', {}, Buffer.from([0, 0]), 'MESSAGE_MALFORMED'],
  ['half of a message', {}, request.subarray(0, -1), 'MESSAGE_MALFORMED'],
  ['base64 that is none', { 'x-key-bin': 'not base64!' }, request, 'METADATA_INVALID'],
  ['two of base64, one of them none', { 'x-key-bin': 'YQ==, !' }, request, 'METADATA_INVALID'],
  ['a deadline that is none', { 'grpc-timeout': 'soon' }, request, 'METADATA_INVALID'],
  ['a deadline below zero', { 'grpc-timeout': '-1S' }, request, 'METADATA_INVALID'],
  ['a deadline of nine digits', { 'grpc-timeout': '123456789S' }, request, 'METADATA_INVALID'],
])('%s is refused with its reason', async (_, headers, body, reason) => {
  const attacked = await attackedApi()
  const answer = await call(attacked, grpcHeaders(drainPath, headers), body)
  expect(answer).toMatchObject({ http: 200, reason })
  expect(answer.message).not.toBe('')
  expect(attacked.seen).toEqual([])
  await stillServes(attacked)
})

test.each([
  ['text/html', 415],
  ['application/grpc-web', 415],
  ['application/json', 415],
  ['', 415],
])('content type "%s" over HTTP/2 is answered with %i', async (type, http) => {
  const attacked = await attackedApi()
  expect(await call(attacked, grpcHeaders(drainPath, { 'content-type': type }), request)).toMatchObject({ http })
  await stillServes(attacked)
})

test('odd requests of HTTP/2 are answered, too', async () => {
  const attacked = await attackedApi()
  expect(await call(attacked, grpcHeaders(drainPath, { ':method': 'PUT' }), request)).toMatchObject({ http: 405 })
  for (const path of ['/', '/x', '/__proto__/constructor', `/${'x'.repeat(8_000)}`, '/tern.v1.ClusterService/']) {
    const answer = await call(attacked, grpcHeaders(path), request)
    expect(answer, path).toMatchObject({ status: code.unimplemented, reason: 'METHOD_UNKNOWN' })
  }
  expect(await call(attacked, grpcHeaders(drainPath, { ':scheme': 'gopher' }), request)).not.toMatchObject({
    status: 13,
  })
  await stillServes(attacked)
})

test('metadata beyond the limit is refused with a reason, far beyond it by a reset', async () => {
  const attacked = await attackedApi()
  const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-key-${i}`, 'v']))
  expect(await call(attacked, grpcHeaders(drainPath, keys(200)), request)).toMatchObject({
    status: code.resourceExhausted,
    reason: 'METADATA_TOO_LARGE',
  })
  expect(await call(attacked, grpcHeaders(drainPath, keys(1_000)), request)).toMatchObject({ status: -1, reset: 11 })
  const long = { 'x-long': 'y'.repeat(20_000) }
  expect(await call(attacked, grpcHeaders(drainPath, long), request)).toMatchObject({ reason: 'METADATA_TOO_LARGE' })
  expect(attacked.seen).toEqual([])
  await stillServes(attacked)
})

test('a deadline of nothing is over at once; one of ten years is capped', async () => {
  const attacked = await attackedApi()
  expect(await call(attacked, grpcHeaders(drainPath, { 'grpc-timeout': '0m' }), request)).toMatchObject({
    status: code.deadlineExceeded,
    reason: 'DEADLINE_EXCEEDED',
  })
  expect(attacked.seen).toEqual([])
  expect(await call(attacked, grpcHeaders(drainPath, { 'grpc-timeout': '87600H' }), request)).toMatchObject({
    status: code.ok,
  })
  const [{ deadlineMs }] = attacked.seen as [{ deadlineMs: number }]
  expect(deadlineMs - Date.now()).toBeLessThanOrEqual(120_000)
})

test('who never says that the request is over is answered all the same', async () => {
  const attacked = await attackedApi({ unaryRequestMs: 100 })
  expect(await call(attacked, grpcHeaders(), request, true)).toMatchObject({
    status: code.invalidArgument,
    reason: 'REQUEST_INCOMPLETE',
  })
  expect(await call(attacked, grpcHeaders(), Buffer.alloc(0), true)).toMatchObject({ reason: 'REQUEST_INCOMPLETE' })
  expect(attacked.seen).toEqual([])
  await stillServes(attacked)
})

test('messages of which all come in part are kept up to a limit', async () => {
  const attacked = await attackedApi({ partialBytesMax: 2 * 1024 * 1024, unaryRequestMs: 5_000 })
  const part = framed(Buffer.alloc(100_000), 0, 4 * 1024 * 1024)
  const connection = session(attacked)
  const answers = Array.from({ length: 60 }, () => {
    const stream = connection.request(grpcHeaders())
    stream.write(part)
    return answerOf(stream)
  })
  expect(await Promise.race(answers)).toMatchObject({ status: code.resourceExhausted, reason: 'SERVER_BUSY' })
  await stillServes(attacked)
})

test('subscribers that never read cost no more than their windows', async () => {
  const attacked = await attackedApi()
  const grown = await memoryGrowth(async () => {
    const streams = Array.from({ length: 20 }, () => {
      const stream = session(attacked).request(grpcHeaders('/tern.v1.ClusterService/WatchEvents'))
      stream.on('error', () => {})
      stream.end(framed(Buffer.alloc(0)))
      stream.pause()
      return stream
    })
    await Promise.all(streams.map((stream) => new Promise((resolve) => void stream.once('response', resolve))))
    for (let i = 0; i < 10; i++) await stillServes(attacked)
    onTestFinished(() => {
      for (const stream of streams) stream.destroy()
    })
  })
  expect(grown).toBeLessThan(128)
})

test('more calls on one connection than it may have wait or are refused, and are all answered', async () => {
  const attacked = await attackedApi({ streamsPerConnectionMax: 10 })
  const connection = session(attacked)
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => {
      const stream = connection.request(grpcHeaders())
      stream.end(request)
      return answerOf(stream)
    }),
  )
  const [ok, refused] = [answers.filter(({ status }) => status === 0), answers.filter(({ reset }) => reset === 7)]
  expect(ok.length).toBeGreaterThan(0)
  expect(ok.length + refused.length).toBe(100)
  await stillServes(attacked)
})
