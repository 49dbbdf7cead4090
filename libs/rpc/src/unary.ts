import {
  type Client,
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js'

export type RpcStatus = keyof typeof status

/** An error a handler throws to answer with a gRPC status. */
export function rpcError(code: RpcStatus, message: string): Error {
  return Object.assign(new Error(message), { code: status[code], details: message })
}

/** Calls a unary method. Rejects with the service's words; DEADLINE_EXCEEDED after `deadlineMs`, CANCELLED at the signal. */
export function unaryCall<In, Out>(
  client: Client,
  method: MethodDefinition<In, Out>,
  request: In,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Out> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      new Metadata(),
      { deadline: Date.now() + deadlineMs },
      (error: ServiceError | null, response?: Out) => {
        signal?.removeEventListener('abort', cancel)
        if (error) reject(error)
        else resolve(response as Out)
      },
    )
    const cancel = () => call.cancel()
    if (signal?.aborted) cancel()
    else signal?.addEventListener('abort', cancel)
  })
}

/** A unary handler from a function that returns or throws. `signal`: nobody waits for the answer any more. */
export function unaryHandler<In, Out>(
  handle: (request: In, signal: AbortSignal) => Promise<Out> | Out,
): handleUnaryCall<In, Out> {
  return (call, callback) => {
    const ended = new AbortController()
    call.on('cancelled', () => ended.abort())
    Promise.resolve()
      .then(() => handle(call.request, ended.signal))
      .then(
        (response) => callback(null, response),
        (error: Error & { code?: number }) => callback({ code: error.code ?? status.INTERNAL, details: error.message }),
      )
  }
}
