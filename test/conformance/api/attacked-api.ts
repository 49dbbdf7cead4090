import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { connect, type Socket } from 'node:net'
import { startApiServer } from '@tern/api'
import { cluster, errorDetails, messaging, rpcStatus } from '@tern/proto'
import { connectApi, type PublicLimits, publicService } from '@tern/rpc'
import { systemClock } from '@tern/runtime'
import { expect, onTestFinished } from 'vitest'

/** A real server of the API, and what came of calls that were let through to it. */
export type Attacked = Readonly<{ address: string; port: number; seen: unknown[]; faults: unknown[] }>

export async function attackedApi(limits: Partial<PublicLimits> = {}): Promise<Attacked> {
  const seen: unknown[] = []
  const faults: unknown[] = []
  const server = await startApiServer({
    listeners: [{ address: '127.0.0.1:0', shared: false }],
    services: [
      publicService(cluster.ClusterServiceService, {
        getServerInfo: () => cluster.GetServerInfoResponse.create({ version: 'alive' }),
        drain(request, { deadlineMs }) {
          seen.push({ request, deadlineMs })
          return { brokers: [], queues: 0 }
        },
        async *watchEvents() {
          const events = [cluster.ClusterEvent.create({ text: 'x'.repeat(50_000) })]
          for (;;) yield { events }
        },
      }),
      publicService(messaging.MessagingServiceService, {
        publish(request) {
          seen.push(request)
          return { results: [] }
        },
        getMessage(request) {
          seen.push(request)
          return messaging.GetMessageResponse.create({})
        },
      }),
    ],
    headers: {},
    clock: systemClock,
    limits,
    fault: (error) => void faults.push(error),
  })
  onTestFinished(() => server.kill())
  const address = server.addresses[0] ?? ''
  return { address, port: Number(address.split(':')[1]), seen, faults }
}

/** Another client is served as if nothing had happened, and nothing failed inside. */
export async function stillServes({ address, faults }: Attacked): Promise<void> {
  const client = connectApi(address, cluster.ClusterServiceService, { retry: false })
  try {
    expect(await client.getServerInfo({})).toMatchObject({ version: 'alive' })
  } finally {
    client.close()
  }
  expect(faults).toEqual([])
}

/** What the process holds more after `attack` than before, in MiB. */
export async function memoryGrowth(attack: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().rss
  await attack()
  return (process.memoryUsage().rss - before) / 1024 / 1024
}

/** A connection of bytes, read all the time. */
export function rawSocket({
  port,
}: Attacked): Readonly<{ socket: Socket; received: () => Buffer; closed: Promise<void> }> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('error', () => {})
  socket.on('data', (chunk) => chunks.push(chunk as Buffer))
  onTestFinished(() => void socket.destroy())
  const closed = new Promise<void>((resolve) => void socket.on('close', () => resolve()))
  return { socket, received: () => Buffer.concat(chunks), closed }
}

/** Resolves when the socket has taken all, or is closed. */
export const written = (socket: Socket, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    const settle = () => {
      socket.off('close', settle)
      resolve()
    }
    socket.on('close', settle)
    socket.write(bytes, settle)
  })

export type Answer = Readonly<{ http: number; status: number; reason: string; message: string; reset: number }>

export function session({ address }: Attacked): ClientHttp2Session {
  const opened = connectHttp2(`http://${address}`, { maxSessionMemory: 1_000 })
  opened.on('error', () => {})
  onTestFinished(() => opened.destroy())
  return opened
}

export const drainPath = '/tern.v1.ClusterService/Drain'
export const publishPath = '/tern.v1.MessagingService/Publish'

export const grpcHeaders = (path = drainPath, more: OutgoingHttpHeaders = {}): OutgoingHttpHeaders => ({
  ':method': 'POST',
  ':path': path,
  'content-type': 'application/grpc',
  te: 'trailers',
  ...more,
})

/** A message as gRPC frames it. */
export function framed(message: Uint8Array, packed = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = packed
  prefix.writeUInt32BE(length, 1)
  return Buffer.concat([prefix, message])
}

/** Makes a call of raw bytes; `stays`: never says that it has said all. */
export function call(
  attacked: Attacked,
  headers: OutgoingHttpHeaders,
  body: Uint8Array,
  stays = false,
): Promise<Answer> {
  const stream = session(attacked).request(headers)
  if (stays) stream.write(body)
  else stream.end(body)
  return answerOf(stream)
}

export function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  let head: OutgoingHttpHeaders = {}
  stream.on('response', (headers) => {
    head = { ...head, ...headers }
  })
  stream.on('trailers', (trailers) => {
    head = { ...head, ...trailers }
  })
  stream.on('error', () => {})
  stream.resume()
  return new Promise((resolve) => {
    stream.on('close', () => {
      const details = Buffer.from(String(head['grpc-status-details-bin'] ?? ''), 'base64')
      const [info] = rpcStatus.Status.decode(details).details
      resolve({
        http: Number(head[':status'] ?? 0),
        status: Number(head['grpc-status'] ?? -1),
        reason: errorDetails.ErrorInfo.decode(info?.value ?? new Uint8Array()).reason,
        message: decodeURIComponent(String(head['grpc-message'] ?? '')),
        reset: stream.rstCode ?? 0,
      })
    })
  })
}

/** Numbers of google.rpc.Code. */
export const code = { ok: 0, invalidArgument: 3, deadlineExceeded: 4, resourceExhausted: 8, unimplemented: 12 } as const
