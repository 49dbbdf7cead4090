import { messaging } from '@tern/proto'
import { type ApiChannel, type ApiStream, asApiError, type CallSettings, connectApi } from '@tern/rpc'
import type { Ending, Wire, WireListener, WireStream } from './wire.ts'

/** The streams of a client as gRPC calls on a channel, which its owner closes. */
export function grpcWire(channel: ApiChannel, metadata: Readonly<Record<string, string>>): Wire {
  const service = connectApi(channel, messaging.MessagingServiceService)
  return {
    publish: (listener) => follow((settings) => service.publishStream({ metadata, ...settings }), listener),
    subscribe: (listener) => follow((settings) => service.subscribe({ metadata, ...settings }), listener),
  }
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
      const { code, reason, message, retryAfterMs } = asApiError(error)
      return { code, reason, message, retryAfterMs }
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
