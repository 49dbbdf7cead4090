import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { transportOptions } from './options.ts'

export type RpcServer = Readonly<{
  /** host:port actually bound. */
  address: string
  /** Ends every stream at once and frees the port. */
  stop(): void
}>

export type RpcService = Readonly<{ definition: ServiceDefinition; implementation: UntypedServiceImplementation }>

/** Serves on host:port (port 0: a free one). Rejects with the system's reason when it cannot bind. */
export function startServer(address: string, services: readonly RpcService[]): Promise<RpcServer> {
  const server = new Server(transportOptions)
  for (const { definition, implementation } of services) server.addService(definition, implementation)
  const host = address.slice(0, address.lastIndexOf(':'))
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(new Error(`cannot serve gRPC on ${address}: ${error.message}`))
      else resolve({ address: `${host}:${port}`, stop: () => server.forceShutdown() })
    })
  })
}
