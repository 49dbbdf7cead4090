import { once } from 'node:events'
import { connect } from 'node:net'
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js'
import { log } from '@tern/proto'
import type { Duplex } from '@tern/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { acceptStream, dialStream, startServer } from '../index.ts'
import { FrameReader } from './frame-reader.ts'
import { encodeHeaders } from './header-block.ts'
import { type Frame, flag, frameBytesMax, frameOf, frameType, preface, settingsFrame } from './http2-frames.ts'
import { ownSetting } from './sniff.ts'

const { append } = log.LogServiceService
const own = Buffer.concat([preface, settingsFrame([[ownSetting, 1]])])
type ServerSide = Duplex<log.AppendResponse, log.AppendRequest>

const echo = (stream: ServerSide) => stream.listen({ frame: ({ id }) => stream.send({ id, outcomes: [] }), end() {} })
const handler =
  (accept: (stream: ServerSide) => void): log.LogServiceServer['append'] =>
  (call) =>
    accept(acceptStream(call))

async function serve(accept: (stream: ServerSide) => void = echo): Promise<string> {
  const implementation = { append: handler(accept) }
  const server = await startServer('127.0.0.1:0', [{ definition: { append }, implementation }])
  onTestFinished(() => server.stop())
  return server.address
}

/** A request of about so many bytes. */
const request = (id: number, bytes: number): log.AppendRequest => ({
  id,
  batches: [{ topic: 't', partition: 0, records: Buffer.alloc(bytes, id) }],
})

/** Dials, sends all, and resolves with the first `count` answers. */
function talk(address: string, requests: readonly log.AppendRequest[]): Promise<number[]> {
  const stream = dialStream<log.AppendRequest, log.AppendResponse>(address, append)
  const ids: number[] = []
  return new Promise((resolve, reject) => {
    stream.listen({
      frame({ id }) {
        if (ids.push(id) < requests.length) return
        resolve(ids)
        stream.end()
      },
      end: (reason) => reject(new Error(reason)),
    })
    for (const each of requests) stream.send(each)
  })
}

test('messages of all sizes arrive whole and in order, also those beyond the windows and frames of a fresh connection', async () => {
  const sizes = [0, 1, 16_370, 16_384, 65_535, 100_000, 5_000_000, 3, 20_000_000]
  const received: Buffer[] = []
  const address = await serve((stream) =>
    stream.listen({
      frame({ id, batches }) {
        received.push(Buffer.from(batches[0]?.records ?? []))
        stream.send({ id, outcomes: [] })
      },
      end() {},
    }),
  )
  expect(
    await talk(
      address,
      sizes.map((bytes, id) => request(id, bytes)),
    ),
  ).toEqual(sizes.map((_, id) => id))
  expect(received.map(({ length }) => length)).toEqual(sizes)
  for (const [id, bytes] of received.entries()) expect(bytes.every((byte) => byte === id)).toBe(true)
})

test('what was taken of the windows is given back', async () => {
  const socket = connect(Number((await serve()).split(':')[1]), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const request = encodeHeaders([[':path', append.path]])
  socket.write(Buffer.concat([own, frameOf(frameType.headers, flag.endHeaders, 1, request)]))
  const piece = Buffer.alloc(1024 * 1024)
  const prefix = Buffer.from([0, 0x03, 0xff, 0xff, 0xfb])
  prefix.copy(piece)
  const given: Frame[] = []
  const frames = new FrameReader(frameBytesMax)
  const both = new Promise<void>((resolve) =>
    socket.on('data', (chunk: Buffer) => {
      frames.push(chunk)
      for (let frame = frames.next(); frame !== undefined; frame = frames.next())
        if (frame.type === frameType.windowUpdate && frame.payload.readUInt32BE() === 64 * piece.length)
          given.push(frame)
      if (given.length === 2) resolve()
    }),
  )
  // The first 63 are one message but for its last bytes, so that nothing of it is understood before the windows grow.
  for (let i = 0; i < 64; i++) socket.write(frameOf(frameType.data, 0, 1, i === 0 ? piece : Buffer.alloc(piece.length)))
  await both
  expect(given.map(({ stream }) => stream)).toEqual([0, 1])
})

test('a server of grpc-js understands our client', async () => {
  const server = new Server()
  server.addService({ append }, { append: handler(echo) })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  onTestFinished(() => server.forceShutdown())
  expect(await talk(`127.0.0.1:${port}`, [request(1, 10), request(2, 200_000), request(3, 0)])).toEqual([1, 2, 3])
})

test('a client of grpc-js is served on the same port', async () => {
  const client = new Client(await serve(), credentials.createInsecure())
  onTestFinished(() => client.close())
  const call = client.makeBidiStreamRequest(append.path, append.requestSerialize, append.responseDeserialize)
  const answer = once(call, 'data')
  call.write(request(7, 100_000))
  expect((await answer)[0]).toMatchObject({ id: 7 })
  call.on('error', () => {})
  call.cancel()
})

test('a stream that nobody serves ends with a sentence', async () => {
  const server = await startServer('127.0.0.1:0', [])
  onTestFinished(() => server.stop())
  await expect(talk(server.address, [request(1, 1)])).rejects.toThrow(/there is no stream .*Append/)
})

test('a server that stops ends its streams', async () => {
  const implementation = { append: handler(echo) }
  const server = await startServer('127.0.0.1:0', [{ definition: { append }, implementation }])
  const stream = dialStream<log.AppendRequest, log.AppendResponse>(server.address, append)
  const ended = new Promise((resolve) => stream.listen({ frame: () => server.stop(), end: resolve }))
  stream.send(request(1, 1))
  expect(await ended).toMatch(/gone|ECONNRESET/)
})

test.each([
  ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a frame larger than was agreed on', Buffer.concat([own, Buffer.from('ffffff00ff00000001', 'hex')])],
  ['headers that are none', Buffer.concat([own, frameOf(frameType.headers, 4, 1, Buffer.from('82ff', 'hex'))])],
  ['a window update without a number', Buffer.concat([own, frameOf(frameType.windowUpdate, 0, 0, Buffer.alloc(1))])],
  ['settings cut short', Buffer.concat([own, frameOf(frameType.settings, 0, 0, Buffer.alloc(5))])],
])('%s ends the connection, and others are served on', async (_, bytes) => {
  const address = await serve()
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  socket.write(bytes)
  await once(socket, 'close')
  expect(await talk(address, [request(1, 1)])).toEqual([1])
})

test('what is no message of the method ends the stream', async () => {
  const address = await serve()
  const stream = dialStream<Buffer, unknown>(address, {
    ...append,
    requestSerialize: (bytes: Buffer) => bytes,
  } as never)
  const ended = new Promise((resolve) => stream.listen({ frame() {}, end: resolve }))
  stream.send(Buffer.from('ffffffffff', 'hex'))
  expect(await ended).toMatch(/gone|ECONNRESET/)
  expect(await talk(address, [request(1, 1)])).toEqual([1])
})
