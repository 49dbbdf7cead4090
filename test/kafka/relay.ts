import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export const api = { produce: 0, fetch: 1, listOffsets: 2, metadata: 3 } as const

/** What becomes of one request: served, cut before the node has it, cut once the node has answered, or never answered. */
export type Treatment = 'served' | 'not sent' | 'answer lost' | 'silent'

/** `apiKey` says what is asked (https://kafka.apache.org/protocol). */
export type Treat = (apiKey: number) => Treatment

/** What all connections meet at once. Silent: nothing passes, as when packets vanish, and what is under way comes late. */
export type Way = 'open' | 'silent' | 'broken'

const host = '127.0.0.1'
const headBytes = 4

/** Between one client and the nodes of a cluster, which the client finds by the relay's own addresses only. */
export class Relay {
  private readonly servers: readonly Server[]
  private readonly sockets = new Set<Socket>()
  /** By the port of the node. */
  private readonly relayPorts = new Map<number, number>()
  private readonly treat: Treat
  private way: Way = 'open'

  private constructor(nodePorts: readonly number[], treat: Treat) {
    this.treat = treat
    this.servers = nodePorts.map((port) => createServer((client) => this.take(client, port)))
  }

  static async before(bootstrap: string, treat: Treat = () => 'served'): Promise<Relay> {
    const nodePorts = bootstrap.split(',').map((address) => Number(address.split(':')[1]))
    const relay = new Relay(nodePorts, treat)
    await Promise.all(relay.servers.map((server) => once(server.listen(0, host), 'listening')))
    const ports = relay.servers.map((server) => (server.address() as { port: number }).port)
    for (const [i, port] of nodePorts.entries()) relay.relayPorts.set(port, ports[i] as number)
    return relay
  }

  get bootstrap(): string {
    return [...this.relayPorts.values()].map((port) => `${host}:${port}`).join(',')
  }

  turn(way: Way): void {
    this.way = way
    for (const socket of this.sockets) {
      if (way === 'broken') socket.destroy()
      else if (way === 'silent') socket.pause()
      else socket.resume()
    }
  }

  close(): void {
    for (const server of this.servers) server.close()
    for (const socket of this.sockets) socket.destroy()
  }

  private take(client: Socket, port: number): void {
    if (this.way === 'broken') {
      client.destroy()
      return
    }
    const node = connect({ host, port, noDelay: true })
    for (const socket of [client, node]) {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
    }
    join(client, node, this.treat, this.relayPorts)
    if (this.way === 'silent') for (const socket of [client, node]) socket.pause()
  }
}

/** Hands on one frame after the other, both ways, as `treat` says. */
function join(client: Socket, node: Socket, treat: Treat, relayPorts: ReadonlyMap<number, number>): void {
  /** By correlation id. */
  const asked = new Map<number, Readonly<{ apiKey: number; treatment: Treatment }>>()
  const cut = () => {
    client.destroy()
    node.destroy()
  }
  for (const socket of [client, node]) socket.on('error', cut)
  node.on('close', cut)
  // What it wrote before it gave up still arrives.
  client.on('close', () => node.end())
  client.on(
    'data',
    framesOf((frame) => {
      const apiKey = frame.readInt16BE(headBytes)
      const treatment = treat(apiKey)
      if (treatment === 'not sent') return cut()
      asked.set(frame.readInt32BE(headBytes + 4), { apiKey, treatment })
      node.write(frame)
    }),
  )
  node.on(
    'data',
    framesOf((frame) => {
      const { apiKey, treatment } = asked.get(frame.readInt32BE(headBytes)) ?? {}
      asked.delete(frame.readInt32BE(headBytes))
      if (treatment === 'answer lost') return cut()
      if (treatment !== 'silent') client.write(apiKey === api.metadata ? readdressed(frame, relayPorts) : frame)
    }),
  )
}

/** Whole frames, each with its size before it. */
function framesOf(take: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= headBytes && rest.length >= headBytes + rest.readInt32BE(0)) {
      const size = headBytes + rest.readInt32BE(0)
      const frame = rest.subarray(0, size)
      rest = rest.subarray(size)
      take(frame)
    }
  }
}

/** Where an answer tells a node's host and port, the relay's port stands in place of it: as many bytes. */
function readdressed(frame: Buffer, relayPorts: ReadonlyMap<number, number>): Buffer {
  const changed = Buffer.from(frame)
  for (const [nodePort, relayPort] of relayPorts) {
    const told = Buffer.concat([Buffer.from(host), Buffer.alloc(4)])
    told.writeInt32BE(nodePort, host.length)
    for (let at = changed.indexOf(told); at >= 0; at = changed.indexOf(told, at + told.length))
      changed.writeInt32BE(relayPort, at + host.length)
  }
  return changed
}
