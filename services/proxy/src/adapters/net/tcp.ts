import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '@tern/runtime'
import { type ClientSocket, goodbyeMs, WriteBatch } from './client-socket.ts'
import { type Listening, listenOn } from './listening.ts'

/** Listens for MQTT over TCP. `shared`: together with other processes (SO_REUSEPORT). */
export function listenTcp(
  address: string,
  shared: boolean,
  options: Readonly<{ clock: Clock; accept: (socket: ClientSocket) => void }>,
): Promise<Listening> {
  const server: Server = createServer({ noDelay: true }, (socket) => options.accept(clientSocket(socket, options)))
  return listenOn(server, address, shared)
}

function clientSocket(socket: Socket, { clock }: Readonly<{ clock: Clock }>): ClientSocket {
  const batch = new WriteBatch(
    (task) => clock.soon(task),
    (bytes) => socket.write(bytes),
  )
  // A reset is nothing that anybody here could help; `close` follows.
  socket.on('error', () => {})
  return {
    remote: `${socket.remoteAddress}:${socket.remotePort}`,
    listen({ data, drain, closed }) {
      socket.on('data', data)
      socket.on('drain', drain)
      // A client that half-closes has said all it will say.
      socket.on('end', () => socket.destroy())
      socket.on('close', closed)
    },
    write: (bytes) => batch.add(bytes),
    pendingBytes: () => batch.bytes + socket.writableLength,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end() {
      batch.leave()
      socket.resume()
      socket.end()
      clock.after(goodbyeMs, () => socket.destroy())
    },
    destroy: () => void socket.destroy(),
  }
}
