import { otlpCollector } from '@tern/proto'
import { ApiError, type PublicServer, publicService, startPublicServer } from '@tern/rpc'
import { otlpLimits } from '../../core/otlp/limits.ts'
import { responseOf } from './answer.ts'
import { readProtobuf } from './decode.ts'
import { type ReceivingPorts, receive } from './receive.ts'

/** Read here and not by the transport, so that a body that is none is answered in the words of both ways. */
const asIs = (bytes: Buffer) => bytes
const method = { ...otlpCollector.TraceServiceService.export, requestSerialize: asIs, requestDeserialize: asIs }

const limits = { messageBytesMax: otlpLimits.requestBytesMax, connectionsMax: otlpLimits.connectionsMax }

/** OTLP over gRPC at host:port. The transport unpacks gzip and refuses what is over 64 MiB then. */
export function startOtlpGrpc(address: string, ports: ReceivingPorts): Promise<PublicServer> {
  const service = publicService(
    { export: method },
    {
      export: async (body: Buffer) => {
        const outcome = await receive(ports, () => readProtobuf(body))
        if (outcome.kind === 'taken') return responseOf(outcome)
        if (!('retryAfterSeconds' in outcome)) throw new ApiError('INVALID_ARGUMENT', '', outcome.why)
        throw new ApiError('UNAVAILABLE', '', outcome.why, { retryAfterMs: outcome.retryAfterSeconds * 1_000 })
      },
    },
  )
  return startPublicServer(address, {
    services: [service],
    limits,
    http: (_, response) => {
      response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
      response.end('here is OTLP over gRPC; over HTTP it has a port of its own, 4318 unless told\n')
    },
  })
}
