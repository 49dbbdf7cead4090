import { connect } from 'node:net'
import type { MethodDefinition } from '@grpc/grpc-js'
import { addressOf, type Duplex } from '@tern/runtime'
import { duplexOf } from './duplex-of.ts'
import { preface } from './http2-frames.ts'
import { ownSetting } from './sniff.ts'
import { greeting, WireStream } from './wire-stream.ts'

/** Opens a bidirectional call on a connection of its own to host:port. */
export function dialStream<Out, In>(address: string, method: MethodDefinition<Out, In>): Duplex<Out, In> {
  const socket = connect({ ...addressOf(address), noDelay: true })
  let refused = false
  socket.on('error', (error: NodeJS.ErrnoException) => {
    refused = error.code === 'ECONNREFUSED'
  })
  const wire = new WireStream(socket)
  socket.write(Buffer.concat([preface, greeting([[ownSetting, 1]])]))
  const request = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', method.path],
    [':authority', address],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
  ] as const
  wire.sendHeaders(request, false)
  const { requestSerialize: serialize, responseDeserialize: deserialize } = method
  return duplexOf(wire, { serialize, deserialize, refused: () => refused })
}
