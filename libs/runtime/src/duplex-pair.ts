import type { Clock } from './clock.ts'
import type { Duplex, DuplexListener } from './duplex.ts'

/** Two ends of a stream in one process: frames arrive in a later turn, in order, and are the same objects: nobody changes what was sent. */
export function duplexPair<A, B>(clock: Clock): [Duplex<A, B>, Duplex<B, A>] {
  const left: End<B> = { listener: undefined }
  const right: End<A> = { listener: undefined }
  let over = false
  const end = () => {
    if (over) return
    over = true
    clock.soon(() => {
      left.listener?.end('ended', false)
      right.listener?.end('ended', false)
    })
  }
  const endOf = <Out, In>(mine: End<In>, other: End<Out>): Duplex<Out, In> => ({
    send(frame) {
      clock.soon(() => {
        if (!over) other.listener?.frame(frame)
      })
    },
    end,
    listen(listener) {
      mine.listener = listener
    },
  })
  return [endOf(left, right), endOf(right, left)]
}

type End<In> = { listener: DuplexListener<In> | undefined }
