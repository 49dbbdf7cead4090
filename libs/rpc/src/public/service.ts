import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import type { ApiError } from './api-error.ts'

/** What a handler is told of a call, whatever protocol it came by. */
export type CallContext = Readonly<{
  /** The first value under that name (lower case); of a name that ends in -bin: base64. */
  metadata(name: string): string | undefined
  /** By the clock: until when the caller waits; undefined: as long as it takes. */
  deadlineMs: number | undefined
  /** Nobody waits for the answer any more. */
  signal: AbortSignal
  /** The server is about to stop: a stream has some seconds left to say so, and to end. */
  draining: AbortSignal
  /** host:port of the caller. */
  peer: string
  /** As W3C has it, checked; undefined: none. */
  traceparent: string | undefined
  requestId: string
}>

/** Told of each call of a method that is there, as it begins; what it gives is told of its end, with what it failed for. */
export type ObserveCall = (path: string, context: CallContext) => (failed: ApiError | undefined) => void

type Answer<Out> = Promise<Out> | Out
type Unary<In, Out> = (request: In, context: CallContext) => Answer<Out>
type ServerStream<In, Out> = (request: In, context: CallContext) => AsyncIterable<Out>
type ClientStream<In, Out> = (requests: AsyncIterable<In>, context: CallContext) => Answer<Out>
type Bidirectional<In, Out> = (requests: AsyncIterable<In>, context: CallContext) => AsyncIterable<Out>

/** Of a method of a definition: what is sent, and what comes. */
export type RequestOf<M> = M extends { requestSerialize(value: infer In): Buffer } ? In : never
export type ResponseOf<M> = M extends { responseDeserialize(value: Buffer): infer Out } ? Out : never
export type Streams<M> = M extends { requestStream: infer In; responseStream: infer Out } ? [In, Out] : never

export type Handler<M> =
  Streams<M> extends [false, false]
    ? Unary<RequestOf<M>, ResponseOf<M>>
    : Streams<M> extends [false, true]
      ? ServerStream<RequestOf<M>, ResponseOf<M>>
      : Streams<M> extends [true, false]
        ? ClientStream<RequestOf<M>, ResponseOf<M>>
        : Bidirectional<RequestOf<M>, ResponseOf<M>>

/** For each method of a definition its handler. What is left out is answered by UNIMPLEMENTED. */
export type Handlers<D> = { readonly [K in keyof D]?: Handler<D[K]> }

/** A method as a server of any protocol calls it. */
export type PublicMethod = Readonly<{
  /** "/tern.v1.MessagingService/Publish" */
  path: string
  requestStream: boolean
  responseStream: boolean
  decode(bytes: Buffer): unknown
  encode(message: unknown): Buffer
  handle: ((request: unknown, context: CallContext) => unknown) | undefined
}>

export type PublicService = Readonly<{ methods: readonly PublicMethod[] }>

/** A service to serve: a definition, as generated or `withViews`, and its handlers. */
export function publicService<D extends ServiceDefinition>(definition: D, handlers: Handlers<D>): PublicService {
  const methods = Object.entries(definition as Record<string, MethodDefinition<unknown, unknown>>).map(
    ([name, method]) => ({
      path: method.path,
      requestStream: method.requestStream,
      responseStream: method.responseStream,
      decode: method.requestDeserialize,
      encode: method.responseSerialize,
      handle: (handlers as Record<string, PublicMethod['handle']>)[name],
    }),
  )
  return { methods }
}
