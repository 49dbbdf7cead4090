import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '@tern/runtime'
import {
  type ClientSocket,
  type ClientSocketListener,
  goodbyeMs,
  peerOf,
  WriteBatch,
  WriteTurn,
} from './client-socket.ts'
import { type Listening, listenOn } from './listening.ts'

/** Listens for MQTT over TCP. `shared`: together with other processes (SO_REUSEPORT). */
export function listenTcp(
  address: string,
  shared: boolean,
  { clock, accept }: Readonly<{ clock: Clock; accept: (socket: ClientSocket) => void }>,
): Promise<Listening> {
  const turn = new WriteTurn((task) => clock.soon(task))
  const server: Server = createServer({ noDelay: true }, (socket) => accept(new TcpSocket(socket, turn, clock)))
  return listenOn(server, address, shared)
}

/** A class, since its methods are shared: a closure for each of them and each connection is half a kilobyte. */
class TcpSocket implements ClientSocket {
  readonly peer: string
  private readonly socket: Socket
  private readonly clock: Clock
  private readonly batch: WriteBatch

  constructor(socket: Socket, turn: WriteTurn, clock: Clock) {
    this.socket = socket
    this.peer = peerOf(socket)
    this.clock = clock
    this.batch = new WriteBatch(turn, (bytes) => socket.write(bytes))
    socket.on('error', ignored)
    socket.on('end', halfClosed)
  }

  listen(listener: ClientSocketListener): void {
    this.socket.on('data', (chunk) => listener.data(chunk))
    this.socket.on('drain', () => listener.drain())
    this.socket.on('close', () => listener.closed())
  }

  write(bytes: Buffer): void {
    this.batch.add(bytes)
  }

  pendingBytes(): number {
    return this.batch.bytes + this.socket.writableLength
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  end(): void {
    this.batch.leave()
    this.socket.resume()
    this.socket.end()
    this.clock.after(goodbyeMs, () => this.socket.destroy())
  }

  destroy(): void {
    this.socket.destroy()
  }
}

/** A reset is nothing that anybody here could help; `close` follows. */
function ignored(): void {}

/** A client that half-closes has said all it will say. */
function halfClosed(this: Socket): void {
  this.destroy()
}
