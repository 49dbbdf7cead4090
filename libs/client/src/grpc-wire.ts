import { messaging } from '@tern/proto'
import { type ApiChannel, type ApiStream, asApiError, type CallSettings, connectApi } from '@tern/rpc'
import type { Looking } from './looking-back.ts'
import { TernError } from './tern-error.ts'
import type { Ending, Wire, WireListener, WireStream } from './wire.ts'

/** The streams of a client as gRPC calls on a channel, which its owner closes. */
export function grpcWire(channel: ApiChannel, metadata: Readonly<Record<string, string>>): Wire {
  const service = connectApi(channel, messaging.MessagingServiceService)
  return {
    publish: (listener) => follow((settings) => service.publishStream({ metadata, ...settings }), listener),
    subscribe: (listener) => follow((settings) => service.subscribe({ metadata, ...settings }), listener),
  }
}

/** Calls that look back, on a channel that tries again what may be tried again. */
export function grpcLooking(channel: ApiChannel, metadata: Readonly<Record<string, string>>): Looking {
  const service = connectApi(channel, messaging.MessagingServiceService)
  return {
    get: (request) => service.getMessage(request, { metadata }).catch(failed),
    query: (request) => service.queryMessages(request, { metadata }).catch(failed),
    async *replay(request) {
      try {
        yield* service.replayMessages(request, { metadata })
      } catch (error) {
        failed(error)
      }
    },
  }
}

function failed(error: unknown): never {
  throw new TernError(endingOf(error))
}

function endingOf(error: unknown): Ending {
  const { code, reason, message, retryAfterMs } = asApiError(error)
  return { code, reason, message, retryAfterMs }
}

function follow<Out, In>(
  open: (settings: CallSettings) => ApiStream<Out, In>,
  listener: WireListener<In>,
): WireStream<Out> {
  const stream = open({})
  const read = async (): Promise<Ending | undefined> => {
    try {
      for await (const response of stream) listener.frame(response)
      return undefined
    } catch (error) {
      return endingOf(error)
    }
  }
  void read().then((ending) => listener.ended(ending))
  return {
    send(frame) {
      // How the call ended is told once, by the reading side.
      stream
        .send(frame)
        .then(() => listener.drained())
        .catch(() => {})
      return false
    },
    end: () => stream.end(),
    cancel: () => stream.cancel(),
  }
}
