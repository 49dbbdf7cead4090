import type { Duplex } from '@tern/runtime'
import type { Header } from './header-block.ts'
import type { WireStream } from './wire-stream.ts'

export type DuplexOptions<Out, In> = Readonly<{
  serialize(frame: Out): Buffer
  deserialize(message: Buffer): In
  /** What this end says last; nothing: the call is cancelled. */
  farewell?: readonly Header[]
  refused(): boolean
}>

/** The call as a stream of frames. Headers are of no interest but for the reason in the last ones. */
export function duplexOf<Out, In>(
  wire: WireStream,
  { serialize, deserialize, farewell, refused }: DuplexOptions<Out, In>,
): Duplex<Out, In> {
  let over = false
  let ended: (reason: string, refused: boolean) => void = () => {}
  const finish = (reason: string) => {
    if (over) return
    over = true
    ended(reason, refused())
  }
  const read = (message: Buffer): In | undefined => {
    try {
      return deserialize(message)
    } catch (error) {
      wire.fail(`a message could not be read: ${(error as Error).message}`)
      return undefined
    }
  }
  return {
    send(frame) {
      if (!over) wire.send(serialize(frame))
    },
    end() {
      if (over) return
      wire.end(farewell)
      finish('ended here')
    },
    listen({ frame, end }) {
      ended = end
      wire.listen({
        headers(headers, last) {
          if (last) finish(headers.get('grpc-message') ?? 'ended by the other side')
        },
        message(message) {
          const received = read(message)
          if (received !== undefined) frame(received)
        },
        closed: finish,
      })
    },
  }
}
