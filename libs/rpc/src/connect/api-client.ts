import {
  type ClientDuplexStream,
  type ClientReadableStream,
  Metadata,
  type MethodDefinition,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js'
import { type ApiError, errorOfStatus } from '../public/api-error.ts'
import type { RequestOf, ResponseOf, Streams } from '../public/service.ts'
import { type ApiChannel, type ChannelOptions, openChannel } from './api-channel.ts'

export type CallSettings = Readonly<{
  /** Milliseconds from now. Unary calls: 10 s when left out; streams: none. */
  deadlineMs?: number
  signal?: AbortSignal
  metadata?: Readonly<Record<string, string>>
}>

/** A stream of responses; leaving the loop over it ends the call. */
export type ResponseStream<Out> = AsyncIterable<Out> & Readonly<{ cancel(): void }>

/** A call that sends and receives at once. */
export type ApiStream<In, Out> = ResponseStream<Out> &
  Readonly<{
    /** Resolves when there is room for another; rejects when the call is over. */
    send(request: In): Promise<void>
    /** Says that no more will be sent; answers still come. */
    end(): void
  }>

type Method<M> =
  Streams<M> extends [false, false]
    ? (request: RequestOf<M>, settings?: CallSettings) => Promise<ResponseOf<M>>
    : Streams<M> extends [false, true]
      ? (request: RequestOf<M>, settings?: CallSettings) => ResponseStream<ResponseOf<M>>
      : (settings?: CallSettings) => ApiStream<RequestOf<M>, ResponseOf<M>>

/** The methods of a service as functions. They reject with `ApiError`. */
export type ApiClient<D> = { readonly [K in keyof D]: Method<D[K]> } & Readonly<{ close(): void }>

const unaryDeadlineMs = 10_000

type AnyMethod = MethodDefinition<unknown, unknown>

/** A client of one service of a region: at host:port, or on a channel that others use, too, whose owner closes it. */
export function connectApi<D extends ServiceDefinition>(
  target: string | ApiChannel,
  definition: D,
  options: ChannelOptions = {},
): ApiClient<D> {
  const own = typeof target === 'string' ? openChannel(target, options) : undefined
  const channel = own ?? (target as ApiChannel)
  const methods = Object.entries(definition as Record<string, AnyMethod>).map(([name, method]) => [
    name,
    bound(channel, method),
  ])
  return { ...Object.fromEntries(methods), close: () => own?.close() } as ApiClient<D>
}

function bound({ client }: ApiChannel, method: AnyMethod) {
  const { path, requestSerialize, responseDeserialize } = method
  if (method.requestStream) {
    return (settings: CallSettings = {}) => {
      const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, ...start(settings))
      return duplexStream(call, settings)
    }
  }
  if (method.responseStream) {
    return (request: unknown, settings: CallSettings = {}) => {
      const call = client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        ...start(settings),
      )
      return responseStream(call, settings)
    }
  }
  return (request: unknown, settings: CallSettings = {}) =>
    new Promise((resolve, reject) => {
      const [metadata, options] = start({ deadlineMs: unaryDeadlineMs, ...settings })
      const answered = (error: ServiceError | null, response?: unknown) => {
        stopWatching()
        if (error) reject(errorOf(error))
        else resolve(response)
      }
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        options,
        answered,
      )
      const stopWatching = watch(settings.signal, call)
    })
}

function start({ deadlineMs, metadata: given = {} }: CallSettings): [Metadata, { deadline?: number }] {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(given)) metadata.set(name, value)
  return [metadata, deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs }]
}

function watch(signal: AbortSignal | undefined, call: { cancel(): void }): () => void {
  const cancel = () => call.cancel()
  if (signal?.aborted) cancel()
  else signal?.addEventListener('abort', cancel)
  return () => signal?.removeEventListener('abort', cancel)
}

function errorOf({ code, details, metadata }: ServiceError): ApiError {
  const [encoded] = metadata?.get('grpc-status-details-bin') ?? []
  return errorOfStatus(code, details, Buffer.isBuffer(encoded) ? encoded : undefined)
}

function responseStream<Out>(call: ClientReadableStream<Out>, { signal }: CallSettings): ResponseStream<Out> {
  const stopWatching = watch(signal, call)
  call.on('close', stopWatching)
  call.on('error', () => {})
  return {
    cancel: () => call.cancel(),
    async *[Symbol.asyncIterator]() {
      try {
        for await (const response of call) yield response as Out
      } catch (error) {
        throw errorOf(error as ServiceError)
      } finally {
        call.cancel()
      }
    },
  }
}

function duplexStream<In, Out>(call: ClientDuplexStream<In, Out>, settings: CallSettings): ApiStream<In, Out> {
  const stream = responseStream(call, settings)
  let failure: ServiceError | undefined
  call.on('error', (error: ServiceError) => {
    failure = error
  })
  return {
    ...stream,
    end: () => call.end(),
    send(request) {
      if (failure !== undefined) return Promise.reject(errorOf(failure))
      if (call.write(request)) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const settle = () => {
          call.off('drain', settle)
          call.off('error', settle)
          call.off('close', settle)
          if (failure !== undefined) reject(errorOf(failure))
          else resolve()
        }
        call.on('drain', settle)
        call.on('error', settle)
        call.on('close', settle)
      })
    },
  }
}
