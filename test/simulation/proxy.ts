import { beginIncarnation, ClientConnection, type ClientSocket, type ClientSocketListener } from '@tern/proxy/testing'
import { type Duplex, silentLogger } from '@tern/runtime'
import { nameservers, networkOf, type Site } from './site.ts'
import type { Process } from './timeline.ts'

/** A real proxy on the simulated wires, from the client's bytes on. */
export async function runProxy(site: Site, zone: string, process: Process): Promise<void> {
  const mqtt = `proxy-${zone}`
  const clock = site.timeline.clockOf(process)
  const elsewhere = { rpc: mqtt, websocket: [], mqttShared: [], websocketShared: [], api: [], apiShared: [] }
  const config = { zone, mqtt, nameservers, ...elsewhere, trace: false }
  const draws = { nonce: () => site.nonce(), drawId: () => site.nonce() }
  const ports = { clock, logger: silentLogger, network: networkOf(process, site) }
  const live = async (): Promise<void> => {
    const { context } = await beginIncarnation({ ...config, ...draws }, mqtt, ports, () => {
      site.network.close(mqtt, process)
      void live()
    })
    site.network.listen(mqtt, process, (stream: Duplex<Buffer, Buffer>) => {
      new ClientConnection(socketOf(stream), context)
    })
  }
  await live()
}

/** A client that always reads: what is written has left. */
function socketOf(stream: Duplex<Buffer, Buffer>): ClientSocket {
  let reading = true
  let listener: ClientSocketListener | undefined
  const held: Buffer[] = []
  return {
    peer: 'a client',
    listen(given) {
      listener = given
      const frame = (chunk: Buffer) => (reading ? given.data(chunk) : void held.push(chunk))
      stream.listen({ frame, end: () => given.closed() })
    },
    write: (bytes) => stream.send(Buffer.from(bytes)),
    pendingBytes: () => 0,
    pause() {
      reading = false
    },
    resume() {
      reading = true
      while (reading && held.length > 0) listener?.data(held.shift() as Buffer)
    },
    end: () => stream.end(),
    destroy: () => stream.end(),
  }
}
