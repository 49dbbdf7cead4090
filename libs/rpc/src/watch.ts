import type { MethodDefinition } from '@grpc/grpc-js'
import { connectClient } from './client.ts'

export type Watch = Readonly<{ end(): void }>

/** Calls a server-streaming method on a connection of its own. `over` comes once, unless this side ended it. */
export function watchStream<In, Out>(
  address: string,
  method: MethodDefinition<In, Out>,
  request: In,
  listener: Readonly<{ message(message: Out): void; over(reason: string): void }>,
): Watch {
  const client = connectClient(address)
  const call = client.makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, request)
  let open = true
  const finish = (reason?: string) => {
    if (!open) return
    open = false
    client.close()
    if (reason !== undefined) listener.over(reason)
  }
  call.on('data', (message: Out) => {
    if (open) listener.message(message)
  })
  call.on('error', (error: Error & { details?: string }) => finish(error.details ?? error.message))
  call.on('end', () => finish('ended by the other side'))
  return {
    end() {
      finish()
      call.cancel()
    },
  }
}
