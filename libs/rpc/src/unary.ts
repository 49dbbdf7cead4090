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

/** Calls a unary method. Rejects with the service's words; DEADLINE_EXCEEDED after `deadlineMs`. */
export function unaryCall<In, Out>(
  client: Client,
  method: MethodDefinition<In, Out>,
  request: In,
  deadlineMs: number,
): Promise<Out> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      new Metadata(),
      { deadline: Date.now() + deadlineMs },
      (error: ServiceError | null, response?: Out) => (error ? reject(error) : resolve(response as Out)),
    )
  })
}

/** A unary handler from a function that returns or throws. */
export function unaryHandler<In, Out>(handle: (request: In) => Promise<Out> | Out): handleUnaryCall<In, Out> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => callback(null, response),
        (error: Error & { code?: number }) => callback({ code: error.code ?? status.INTERNAL, details: error.message }),
      )
  }
}
