import { type ServerDuplexStream, status } from '@grpc/grpc-js'
import type { Duplex } from '@tern/runtime'
import { WireCall } from './wire/accept.ts'

/** The server's side of a bidirectional call: of one of our own clients, or of another one by grpc-js. */
export function acceptStream<In, Out>(call: ServerDuplexStream<In, Out>): Duplex<Out, In> {
  if ((call as unknown) instanceof WireCall) return (call as unknown as WireCall).duplex<Out, In>()
  const details = 'ended by the server'
  // Destroying it would leave the client waiting: an error is what makes grpc-js send a status.
  const destroy = () => void call.emit('error', { code: status.UNAVAILABLE, message: details, details })
  let over = false
  let ended: (reason: string, refused: boolean) => void = () => {}
  const finish = (reason: string) => {
    if (over) return
    over = true
    ended(reason, false)
  }
  return {
    send(frame) {
      if (!over) call.write(frame)
    },
    end() {
      if (over) return
      destroy()
      finish('ended here')
    },
    listen({ frame, end }) {
      ended = end
      call.on('data', (message: In) => {
        if (!over) frame(message)
      })
      call.on('error', (error: Error & { details?: string }) => finish(error.details ?? error.message))
      call.on('end', () => {
        destroy()
        finish('ended by the other side')
      })
      call.on('close', () => finish('closed'))
      call.on('cancelled', () => finish('cancelled by the other side'))
    },
  }
}
