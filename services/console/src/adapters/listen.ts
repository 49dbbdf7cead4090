import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addressOf } from '@tern/runtime'

/** Resolves once it serves; the port may have been 0. */
export function listen(server: Server, at: string): Promise<Readonly<{ address: string; close(): void }>> {
  const { host, port } = addressOf(at)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      const { port: taken } = server.address() as AddressInfo
      resolve({
        address: `${host}:${taken}`,
        close() {
          server.close()
          server.closeAllConnections()
        },
      })
    })
  })
}
