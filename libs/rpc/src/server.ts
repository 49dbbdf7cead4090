import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { addressOf } from '@tern/runtime'
import { transportOptions } from './options.ts'
import type { RpcService } from './rpc-service.ts'
import { acceptWire, streamHandlers } from './wire/accept.ts'
import { preface } from './wire/http2-frames.ts'
import { sniff } from './wire/sniff.ts'

export type RpcServer = Readonly<{
  /** host:port actually bound. */
  address: string
  /** Ends every stream at once and frees the port. */
  stop(): void
}>

/** Serves on host:port (port 0: a free one). Rejects with the system's reason when it cannot bind. */
export function startServer(address: string, services: readonly RpcService[]): Promise<RpcServer> {
  const server = new Server(transportOptions)
  for (const { definition, implementation } of services) server.addService(definition, implementation)
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  const handlers = streamHandlers(services)
  const sockets = new Set<Socket>()
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    sniff(socket, (whose, read) => {
      if (whose === 'own') {
        acceptWire(socket, handlers, read.subarray(preface.length))
        return
      }
      socket.unshift(read)
      injector.injectConnection(socket)
    })
  })
  const { host, port } = addressOf(address)
  return new Promise((resolve, reject) => {
    listener.once('error', (error) => reject(new Error(`cannot serve gRPC on ${address}: ${error.message}`)))
    listener.listen(port, host, () => {
      const bound = listener.address() as AddressInfo
      const stop = () => {
        listener.close()
        for (const socket of sockets) socket.destroy()
        server.forceShutdown()
      }
      resolve({ address: address.replace(/\d+$/, `${bound.port}`), stop })
    })
  })
}
