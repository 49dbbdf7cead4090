import type { CallContext } from '@tern/rpc'
import type { Duplex } from '@tern/runtime'
import type { DialCall } from '../failure/stream/caller.ts'
import { silenceMs } from '../failure/wire.ts'
import type { Site } from './site.ts'
import type { Process } from './timeline.ts'

/** On a simulated wire, as HTTP/2 would have it: messages, and pings that show that the other side is there. */
type Carried<Message> = Readonly<{ message: Message }> | 'ping'

type Handler<Request, Response> = (requests: AsyncIterable<Request>, call: CallContext) => AsyncIterable<Response>

/** Serves each call that comes with the handler of the product; what it gives ends all of it. */
export function serveCalls<Request, Response>(
  { network }: Site,
  process: Process,
  address: string,
  handler: Handler<Request, Response>,
): () => void {
  const open = new Set<Duplex<Carried<Response>, Carried<Request>>>()
  let isClosed = false
  network.listen(address, process, (stream: Duplex<Carried<Response>, Carried<Request>>) => {
    // It was under way when this was closed.
    if (isClosed) {
      stream.end()
      return
    }
    open.add(stream)
    const gone = new AbortController()
    const requests = new Requests<Request>()
    stream.listen({
      frame(frame) {
        if (frame === 'ping') stream.send('ping')
        else requests.add(frame.message)
      },
      end() {
        open.delete(stream)
        gone.abort()
        requests.add(undefined)
      },
    })
    const call = { signal: gone.signal, draining: new AbortController().signal } as CallContext
    const answer = async () => {
      for await (const message of handler(requests, call)) stream.send({ message })
    }
    // Whatever it ends with: a client of these opens another one.
    answer()
      .catch(() => {})
      .finally(() => stream.end())
  })
  return () => {
    isClosed = true
    network.close(address, process)
    for (const stream of open) stream.end()
  }
}

/** Those of a client, whose read may be begun before they come; undefined: its end. */
class Requests<Request> implements AsyncIterable<Request> {
  private readonly come: (Request | undefined)[] = []
  private wake: (() => void) | undefined

  add(request: Request | undefined): void {
    this.come.push(request)
    this.wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Request> {
    for (;;) {
      while (this.come.length === 0) {
        await new Promise<void>((resolve) => {
          this.wake = resolve
        })
      }
      const next = this.come.shift()
      if (next === undefined) return
      yield next
    }
  }
}

/** Calls of the clients of one process. Who hears nothing for a while, not even that its ping came, gives up. */
export const simulatedCalls =
  <Request, Response>(
    { network, timeline }: Site,
    process: Process,
    serviceOf: (address: string) => string,
  ): DialCall<Request, Response> =>
  (address, { response, isPresent, closed }) => {
    const stream = network.dial<Carried<Request>, Carried<Response>>(process, serviceOf(address))
    const clock = timeline.clockOf(process)
    let hasPinged = false
    let quiet = clock.after(0, () => {})
    const stir = () => {
      quiet.cancel()
      quiet = clock.after(silenceMs, () => {
        if (hasPinged || !isPresent()) return stream.end()
        hasPinged = true
        stream.send('ping')
        stir()
      })
    }
    stream.listen({
      frame(frame) {
        hasPinged = false
        stir()
        if (frame !== 'ping') response(frame.message)
      },
      end() {
        quiet.cancel()
        clock.soon(() => closed((delayMs, run) => void clock.after(delayMs, run)))
      },
    })
    stir()
    return { send: (message) => stream.send({ message }), cancel: () => stream.end() }
  }
