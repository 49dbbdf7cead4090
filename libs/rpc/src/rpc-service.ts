import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'

/** A service as a server serves it. */
export type RpcService = Readonly<{ definition: ServiceDefinition; implementation: UntypedServiceImplementation }>
