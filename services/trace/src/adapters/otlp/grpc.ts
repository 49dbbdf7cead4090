import { otlpCollector, rpcStatus } from '@tern/proto'
import { type RpcServer, rpcError, startServer, unaryHandler } from '@tern/rpc'
import { responseOf, statusOf } from './answer.ts'
import { readProtobuf } from './decode.ts'
import { type ReceivingPorts, receive } from './receive.ts'

/** Read here and not by the transport, which would call a body that is none an error of the server. */
const method = { ...otlpCollector.TraceServiceService.export, requestDeserialize: (bytes: Buffer) => bytes }

/** OTLP over gRPC at host:port. The transport unpacks gzip and refuses what is over 64 MiB then. */
export function startOtlpGrpc(address: string, ports: ReceivingPorts): Promise<RpcServer> {
  const handler = unaryHandler(async (body: Buffer) => {
    const outcome = await receive(ports, () => readProtobuf(body))
    if (outcome.kind === 'taken') return responseOf(outcome)
    const status = statusOf(outcome)
    const code = 'retryAfterSeconds' in outcome ? 'UNAVAILABLE' : 'INVALID_ARGUMENT'
    throw rpcError(code, status.message, rpcStatus.Status.encode(status).finish())
  })
  return startServer(address, [{ definition: { export: method }, implementation: { export: handler } }])
}
