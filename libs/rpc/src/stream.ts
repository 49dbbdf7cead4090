import { type ClientDuplexStream, type ServerDuplexStream, status } from '@grpc/grpc-js'
import type { Duplex } from '@tern/runtime'
import { WireCall } from './wire/accept.ts'

/** The server's side of a bidirectional call. */
export function acceptStream<In, Out>(call: ServerDuplexStream<In, Out>): Duplex<Out, In> {
  if ((call as unknown) instanceof WireCall) return (call as unknown as WireCall).duplex<Out, In>()
  // Destroying it would leave the client waiting: an error is what makes grpc-js send a status.
  const details = 'ended by the server'
  return duplexOf<Out, In>(call, () => void call.emit('error', { code: status.UNAVAILABLE, message: details, details }))
}

type Call<Out, In> = ClientDuplexStream<Out, In> | ServerDuplexStream<In, Out>

function duplexOf<Out, In>(call: Call<Out, In>, destroy: () => void): Duplex<Out, In> {
  let over = false
  let ended: (reason: string, refused: boolean) => void = () => {}
  const finish = (reason: string, refused: boolean) => {
    if (over) return
    over = true
    ended(reason, refused)
  }
  return {
    send(frame) {
      if (!over) (call as ClientDuplexStream<Out, In>).write(frame)
    },
    end() {
      if (over) return
      destroy()
      finish('ended here', false)
    },
    listen(listener) {
      ended = listener.end
      call.on('data', (frame: In) => {
        if (!over) listener.frame(frame)
      })
      call.on('error', (error: Error & { code?: number; details?: string }) => {
        // grpc-js tells a refused connection only in words.
        const refused = error.code === status.UNAVAILABLE && /ECONNREFUSED/.test(error.message)
        finish(error.details ?? error.message, refused)
      })
      call.on('end', () => {
        destroy()
        finish('ended by the other side', false)
      })
      call.on('close', () => finish('closed', false))
      call.on('cancelled', () => finish('cancelled by the other side', false))
    },
  }
}
