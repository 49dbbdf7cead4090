import type { Socket } from 'node:net'
import type { MethodDefinition } from '@grpc/grpc-js'
import type { Duplex } from '@tern/runtime'
import type { RpcService } from '../rpc-service.ts'
import { duplexOf } from './duplex-of.ts'
import { greeting, WireStream } from './wire-stream.ts'

type Method = MethodDefinition<unknown, unknown>
type Handler = Readonly<{ method: Method; handle: (call: unknown) => void }>

/** A call of one of our own clients, as a handler of the service gets it. */
export class WireCall {
  private readonly wire: WireStream
  private readonly method: Method

  constructor(wire: WireStream, method: Method) {
    this.wire = wire
    this.method = method
  }

  duplex<Out, In>(): Duplex<Out, In> {
    const { responseSerialize: serialize, requestDeserialize } = this.method
    const deserialize = requestDeserialize as (message: Buffer) => In
    return duplexOf(this.wire, { serialize, deserialize, farewell: unavailable, refused: () => false })
  }
}

/** By path: what is served as a stream both ways. */
export function streamHandlers(services: readonly RpcService[]): ReadonlyMap<string, Handler> {
  const handlers = new Map<string, Handler>()
  for (const { definition, implementation } of services) {
    for (const [name, method] of Object.entries(definition)) {
      if (!method.requestStream || !method.responseStream) continue
      handlers.set(method.path, { method, handle: implementation[name] as (call: unknown) => void })
    }
  }
  return handlers
}

/** A connection of one of our own clients, of which `read` was read: what followed the preface. */
export function acceptWire(socket: Socket, handlers: ReadonlyMap<string, Handler>, read: Buffer): void {
  const wire = new WireStream(socket)
  socket.write(greeting())
  wire.listen({
    headers(headers) {
      const path = headers.get(':path') ?? ''
      const found = handlers.get(path)
      if (found === undefined) {
        wire.end([...response, ['grpc-status', '12'], ['grpc-message', `there is no stream ${path} here`]])
        return
      }
      wire.sendHeaders(response, false)
      found.handle(new WireCall(wire, found.method))
    },
    message() {},
    closed() {},
  })
  wire.read(read)
}

const response = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
] as const

const unavailable = [
  ['grpc-status', '14'],
  ['grpc-message', 'ended by the server'],
] as const
