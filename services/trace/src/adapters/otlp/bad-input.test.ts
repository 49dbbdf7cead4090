import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { errorDetails, otlpCollector, type otlpTrace, rpcStatus } from '@tern/proto'
import { connectClient, unaryCall } from '@tern/rpc'
import { addressOf } from '@tern/runtime'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { viewOf } from '../../core/spans/trace-view.ts'
import { MemoryStore } from '../../testing/memory-store.ts'
import { aSpan, attributesOf } from '../../testing/spans.ts'
import { startOtlpGrpc } from './grpc.ts'
import { type OtlpServer, startOtlpHttp } from './http.ts'

// Much work on a machine that may have other work.
vi.setConfig({ testTimeout: 60_000 })

let store = new MemoryStore()
const sink = { offer: (traces: Parameters<MemoryStore['offer']>[0]) => store.offer(traces) }
const ports = { sink, taken: () => {} }
let http: OtlpServer
let grpc: Awaited<ReturnType<typeof startOtlpGrpc>>
let client: ReturnType<typeof connectClient>
beforeAll(async () => {
  http = await startOtlpHttp('127.0.0.1:0', ports)
  grpc = await startOtlpGrpc('127.0.0.1:0', ports)
  client = connectClient(grpc.address)
})
afterAll(() => {
  client.close()
  http.stop()
  grpc.stop()
})
beforeEach(() => {
  store = new MemoryStore()
})

const traceId = Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex')
const good = (name = 'good') => ({ ...aSpan(name), traceId })
const requestOf = (spans: readonly otlpTrace.Span[]): Buffer =>
  Buffer.from(
    otlpCollector.ExportTraceServiceRequest.encode(
      otlpCollector.ExportTraceServiceRequest.fromPartial({ resourceSpans: [{ scopeSpans: [{ spans: [...spans] }] }] }),
    ).finish(),
  )
const jsonOf = (span: Record<string, unknown>, resourceSpans: unknown = [{ scopeSpans: [{ spans: [span] }] }]) =>
  JSON.stringify({ resourceSpans })
const plainSpan = { traceId: traceId.toString('hex'), spanId: '00f067aa0ba902b7', name: 'x' }

type Sent = Readonly<{ status: number; headers: Headers; body: Buffer }>
async function post(body: Buffer | string, headers: Record<string, string> = {}): Promise<Sent> {
  const type = typeof body === 'string' ? 'application/json' : 'application/x-protobuf'
  const response = await fetch(`http://${http.address}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body: body as string,
  })
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
}

const method = {
  ...otlpCollector.TraceServiceService.export,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
}
type Failure = Readonly<{ code: number; details: string; metadata: { get(name: string): (string | Buffer)[] } }>
const call = (body: Buffer) => unaryCall(client, method, body, 20_000)
const failed = (body: Buffer): Promise<Failure> =>
  call(body).then(
    () => Promise.reject(new Error('it was taken')),
    (error: Failure) => error,
  )

/** Others are served as before. */
async function lives(): Promise<void> {
  expect((await post(requestOf([good('after')]))).status).toBe(200)
  expect(await call(requestOf([good('after')]))).toEqual({ partialSuccess: undefined })
}

const rejectedBy = ({ body }: Sent) => otlpCollector.ExportTraceServiceResponse.decode(body).partialSuccess
const wordsOf = ({ body }: Sent) => rpcStatus.Status.decode(body)
const packed = gzipSync(requestOf([good()]))

test.each([
  ['none', Buffer.from('this is no gzip')],
  ['cut short', packed.subarray(0, packed.length - 12)],
  ['of a wrong checksum', Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8, 7)])],
])('O1: gzip that is %s', async (_name, body) => {
  const sent = await post(body, { 'content-encoding': 'gzip' })
  expect(sent.status).toBe(400)
  expect(wordsOf(sent)).toMatchObject({ code: 3, message: expect.stringContaining('gzip') })
  await lives()
})

test('O2: 64 MiB out of a few kilobytes, and declared', async () => {
  const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024))
  expect(bomb.length).toBeLessThan(100_000)
  const sent = await post(bomb, { 'content-encoding': 'gzip' })
  expect(sent.status).toBe(413)
  expect(wordsOf(sent)).toMatchObject({ code: 8, details: [] })
  const { host, port } = addressOf(http.address)
  const socket = connect(port, host)
  socket.write(
    `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 99999999\r\n\r\n`,
  )
  const [answer] = await once(socket, 'data')
  expect(`${answer}`).toMatch(/^HTTP\/1.1 413 /)
  socket.destroy()
  await lives()
})

test('O2: 64 MiB out of a few kilobytes over gRPC', async () => {
  const session = connectHttp2(`http://${grpc.address}`)
  const headers = { 'content-type': 'application/grpc', te: 'trailers', 'grpc-encoding': 'gzip' }
  const stream = session.request({ ':method': 'POST', ':path': method.path, ...headers })
  const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024))
  const prefix = Buffer.alloc(5)
  prefix.writeUInt8(1)
  prefix.writeUInt32BE(bomb.length, 1)
  stream.end(Buffer.concat([prefix, bomb]))
  stream.resume()
  const ended = await Promise.race(['trailers', 'response'].map((name) => once(stream, name)))
  expect(ended[0]).toMatchObject({ 'grpc-status': '8' })
  const { details } = rpcStatus.Status.decode(Buffer.from(ended[0]['grpc-status-details-bin'], 'base64'))
  expect(details.filter(({ typeUrl }) => typeUrl.endsWith('RetryInfo'))).toEqual([])
  session.close()
  await lives()
})

test('O3: protobuf cut short, and fields that nobody knows', async () => {
  const whole = requestOf([good()])
  const sent = await post(whole.subarray(0, whole.length - 5))
  expect(sent.status).toBe(400)
  expect(wordsOf(sent)).toMatchObject({ code: 3, message: expect.stringContaining('ExportTraceServiceRequest') })
  expect(await failed(whole.subarray(0, whole.length - 5))).toMatchObject({ code: 3 })
  // Field 200, of bytes.
  const unknown = Buffer.concat([whole, Buffer.from([0xc2, 0x0c, 0x02, 0x01, 0x02])])
  expect((await post(unknown)).status).toBe(200)
  await lives()
})

test.each([
  ['no JSON', '{"resourceSpans": [', 'no JSON'],
  ['a list', '[]', 'the body is []'],
  ['a word where a list should be', '{"resourceSpans":"x"}', 'resourceSpans is "x"'],
  ['a name that is a number', jsonOf({ ...plainSpan, name: 7 }), 'resourceSpans[0].scopeSpans[0].spans[0].name is 7'],
  ['a time with a fraction', jsonOf({ ...plainSpan, startTimeUnixNano: '1.5' }), 'startTimeUnixNano is "1.5"'],
  ['a time of more than 64 bits', jsonOf({ ...plainSpan, endTimeUnixNano: '18446744073709551616' }), 'endTimeUnixNano'],
  [
    'an attribute of no type',
    jsonOf({ ...plainSpan, attributes: [{ key: 'a', value: 'b' }] }),
    'attributes[0].value is "b"',
  ],
])('O4: JSON that is %s', async (_name, body, words) => {
  const sent = await post(body)
  expect(sent.status).toBe(400)
  expect(JSON.parse(`${sent.body}`)).toMatchObject({ code: 3, message: expect.stringContaining(words) })
})

test('O5: attributes nested 10,000 deep', async () => {
  const depth = 10_000
  const deep = `${'{"arrayValue":{"values":['.repeat(depth)}{}${']}}'.repeat(depth)}`
  const sent = await post(
    `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"a","value":${deep}}]}]}]}]}`,
  )
  expect(sent.status).toBe(400)
  expect(JSON.parse(`${sent.body}`).message).toContain('nested more than 64')

  const field = (number: number, bytes: Buffer) => {
    const length: number[] = []
    for (let rest = bytes.length; ; rest >>>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest)
      if (rest <= 127) break
    }
    return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes])
  }
  for (const levels of [70, depth]) {
    let value: Buffer = Buffer.alloc(0)
    for (let level = 0; level < levels; level += 1) value = field(5, field(1, value))
    const body = field(1, field(2, field(2, field(9, Buffer.concat([field(1, Buffer.from('a')), field(2, value)])))))
    expect((await post(body)).status).toBe(400)
    expect(await failed(body)).toMatchObject({ code: 3 })
  }
  await lives()
})

test.each([
  ['a span over 1 MiB', { ...good('large'), attributes: attributesOf({ text: 'x'.repeat(1_100_000) }) }],
  [
    '100,000 attributes',
    {
      ...good('many'),
      attributes: Array.from({ length: 100_000 }, (_, index) => ({ key: `key-${index}`, value: undefined })),
    },
  ],
  ['O7: a trace id of no bytes', { ...good(), traceId: Buffer.alloc(0) }],
  ['O7: a trace id of 17 bytes', { ...good(), traceId: Buffer.alloc(17, 1) }],
  ['O7: a trace id of zeros', { ...good(), traceId: Buffer.alloc(16) }],
  ['O7: a span id of 7 bytes', { ...good(), spanId: Buffer.alloc(7, 1) }],
  ['O7: a span id of zeros', { ...good(), spanId: Buffer.alloc(8) }],
])('O6: of %s, that span is refused alone', async (_name, span) => {
  const body = requestOf([span, good('other')])
  expect(rejectedBy(await post(body))).toMatchObject({
    rejectedSpans: 1n,
    errorMessage: expect.stringContaining('span "'),
  })
  expect((await call(body)).partialSuccess).toMatchObject({ rejectedSpans: 1n })
  const [kept] = store.all()
  expect(viewOf(kept!)?.spans.map(({ span: { name } }) => name)).toEqual(['other'])
})

test('O7: ids in JSON that are no hexadecimal digits', async () => {
  const sent = await post(jsonOf({ ...plainSpan, traceId: 'CvdlGRbNQ92ESOshHIAxnA==' }))
  expect([sent.status, JSON.parse(`${sent.body}`)]).toEqual([
    200,
    {
      partialSuccess: {
        rejectedSpans: '1',
        errorMessage: 'span "x": its trace id is not 16 bytes that are not all zero',
      },
    },
  ])
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['no spans', requestOf([])],
  ['{}', '{}'],
  ['nulls', '{"resourceSpans":[{"resource":null,"scopeSpans":[{"scope":null,"spans":null}]}]}'],
])('O8: %s is success', async (_name, body) => {
  const sent = await post(body)
  expect([sent.status, sent.body.length === 0 || `${sent.body}` === '{}']).toEqual([200, true])
})

test('O9: the same request twice', async () => {
  await post(requestOf([good(), good(), good('b')]))
  await post(requestOf([good(), good('b')]))
  expect(viewOf(store.all()[0]!)?.spans).toHaveLength(2)
})

test.each([
  [{ 'content-type': 'text/html' }, 415],
  [{ 'content-type': '' }, 415],
  [{ 'content-type': 'application/x-protobuf; charset=utf-8' }, 200],
  [{ 'content-encoding': 'br' }, 415],
  [{ 'content-encoding': 'gzip, gzip' }, 415],
  [{ 'content-encoding': 'identity' }, 200],
])('O10: %j', async (headers, status) => {
  expect((await post(requestOf([good()]), headers)).status).toBe(status)
})

test.each([
  ['GET', '/v1/traces', 405],
  ['PUT', '/v1/traces', 405],
  ['POST', '/v1/traces/', 404],
  ['POST', '/v1/logs', 404],
  ['POST', '/', 404],
])('O11: %s %s', async (verb, path, status) => {
  const response = await fetch(`http://${http.address}${path}`, { method: verb })
  expect([response.status, response.headers.get('allow')]).toEqual([status, status === 405 ? 'POST' : null])
  expect(await response.text()).not.toBe('')
})

test('O12: no room', async () => {
  store.full = { taken: false, why: 'the ring is full', retryAfterSeconds: 3 }
  const sent = await post(requestOf([good()]))
  expect([sent.status, sent.headers.get('retry-after')]).toEqual([429, '3'])
  const error = await failed(requestOf([good()]))
  expect(error.code).toBe(14)
  const { details } = rpcStatus.Status.decode(error.metadata.get('grpc-status-details-bin')[0] as Buffer)
  expect(errorDetails.RetryInfo.decode(details[0]!.value)).toEqual({ retryDelay: { seconds: 3, nanos: 0 } })
  expect(store.all()).toEqual([])
})

test('O13: a store that fails', async () => {
  store.offer = () => Promise.reject(new Error('disk'))
  const sent = await post(jsonOf(plainSpan))
  expect([sent.status, sent.headers.get('retry-after')]).toEqual([503, '5'])
  expect(JSON.parse(`${sent.body}`)).toMatchObject({ code: 14, message: expect.stringContaining('disk') })
  expect(await failed(requestOf([good()]))).toMatchObject({ code: 14 })
})

test('O14: what has no meaning is taken', async () => {
  const odd = {
    ...good('x'.repeat(100_000)),
    startTimeUnixNano: 2n ** 64n - 1n,
    endTimeUnixNano: 0n,
    kind: 99 as otlpTrace.Span_SpanKind,
    attributes: attributesOf({ constructor: 'a' }).concat({ key: '__proto__', value: undefined }),
    parentSpanId: Buffer.alloc(3, 1),
  }
  expect(rejectedBy(await post(requestOf([odd])))).toBeUndefined()
  expect(viewOf(store.all()[0]!)?.spans[0]?.span.kind).toBe(99)
})

test('O15: a sender that closes in the middle of its body', async () => {
  const { host, port } = addressOf(http.address)
  const socket = connect(port, host)
  socket.write(
    'POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: 1000\r\n\r\nxx',
  )
  await once(socket, 'ready')
  socket.destroy()
  await once(socket, 'close')
  await lives()
})

test('O16: requests that are together over 256 MiB', async () => {
  const { host, port } = addressOf(http.address)
  const chunk = Buffer.alloc(60 * 1024 * 1024)
  const head = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${chunk.length + 1}\r\n\r\n`
  const sockets = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const socket = connect(port, host)
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write(head)
      socket.write(chunk)
      return socket
    }),
  )
  // Four of them fit; one is told to come again.
  const answer = await Promise.race(sockets.map(async (socket) => `${(await once(socket, 'data'))[0]}`))
  expect(answer).toMatch(/^HTTP\/1.1 429 [\s\S]*Retry-After: 5/)
  for (const socket of sockets) socket.destroy()
  await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')))
  await lives()
})

test('O17: a large resource of very many traces', async () => {
  const spans = Array.from({ length: 10_000 }, (_, index) => {
    const id = Buffer.from(traceId)
    id.writeUInt32BE(index)
    return { ...good(`${index}`), traceId: id }
  })
  const resource = { attributes: attributesOf({ text: 'x'.repeat(100_000) }) }
  const request = otlpCollector.ExportTraceServiceRequest.fromPartial({
    resourceSpans: [{ resource, scopeSpans: [{ spans }] }],
  })
  const sent = await post(Buffer.from(otlpCollector.ExportTraceServiceRequest.encode(request).finish()))
  expect([sent.status, wordsOf(sent).message]).toEqual([400, expect.stringContaining('once each trace has its own')])
  expect(store.all()).toEqual([])
  await lives()
})
