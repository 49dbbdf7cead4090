import type { Server as HttpServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { addressOf } from '@tern/runtime'

export type Listening = Readonly<{
  /** host:port really bound. */
  address: string
  /** Whether others can bind the same port; some systems cannot. */
  shared: boolean
  close(): void
}>

/** Binds host:port (port 0: a free one). Rejects with a sentence that says what is in the way. */
export async function listenOn(server: Server | HttpServer, address: string, shared: boolean): Promise<Listening> {
  try {
    return await bind(server, address, shared)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // macOS and others have no SO_REUSEPORT of this kind: the first process has the port to itself.
    if (shared && (code === 'ENOTSUP' || code === 'EINVAL')) return bind(server, address, false)
    const reason = code === 'EADDRINUSE' ? 'the port is taken' : (error as Error).message
    throw new Error(`cannot listen on ${address}: ${reason}`)
  }
}

function bind(server: Server | HttpServer, address: string, shared: boolean): Promise<Listening> {
  const options = { ...addressOf(address), reusePort: shared, backlog: 4_096 }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      server.on('error', () => {})
      const { port } = server.address() as AddressInfo
      resolve({ address: address.replace(/\d+$/, `${port}`), shared, close: () => void server.close() })
    })
  })
}
