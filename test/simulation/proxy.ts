import type { messaging } from '@tern/proto'
import {
  beginIncarnation,
  ClientConnection,
  type ClientSocket,
  type ClientSocketListener,
  lookingOf,
  publishStream,
  subscribe,
} from '@tern/proxy/testing'
import { type Duplex, silentLogger } from '@tern/runtime'
import { serveCalls } from './api-calls.ts'
import { nameservers, networkOf, type Site } from './site.ts'
import type { Process } from './timeline.ts'

/** Where the streams of the API are served of the proxy at that address. */
export const serviceOf = {
  publish: (proxy: string) => `${proxy}/publish-stream`,
  subscribe: (proxy: string) => `${proxy}/subscribe`,
} as const

/** A real proxy on the simulated wires, from the client's bytes on; of the API, from its messages on. */
export async function runProxy(site: Site, zone: string, process: Process): Promise<void> {
  const mqtt = `proxy-${zone}`
  const clock = site.timeline.clockOf(process)
  const elsewhere = { rpc: mqtt, websocket: [], mqttShared: [], websocketShared: [], api: [], apiShared: [] }
  const draws = { nonce: () => site.nonce(), drawId: () => site.nonce() }
  const config = { zone, mqtt, nameservers, ...elsewhere, trace: false, ...draws }
  const ports = { clock, logger: silentLogger, network: networkOf(process, site) }
  const live = async (): Promise<void> => {
    let closeApi = () => {}
    const { context, scans } = await beginIncarnation(config, mqtt, ports, () => {
      site.network.close(mqtt, process)
      closeApi()
      void live()
    })
    site.network.listen(mqtt, process, (stream: Duplex<Buffer, Buffer>) => {
      new ClientConnection(socketOf(stream), context)
    })
    closeApi = serveStreams(site, process, mqtt, { config, context, scans })
  }
  await live()
}

type Ports = Parameters<typeof lookingOf>[0]

function serveStreams(site: Site, process: Process, proxy: string, surroundings: Ports): () => void {
  const { context } = surroundings
  const looking = lookingOf(surroundings)
  const ports = { context, looking, where: { proxy, zone: proxy } }
  const anonymous = { clientId: 'anonymous', principal: '' }
  const closing = [
    serveCalls<messaging.SubscribeRequest, messaging.SubscribeResponse>(
      ...([site, process, serviceOf.subscribe(proxy)] as const),
      (requests, call) => subscribe(requests, ports, call),
    ),
    serveCalls<messaging.PublishStreamRequest, messaging.PublishStreamResponse>(
      ...([site, process, serviceOf.publish(proxy)] as const),
      (requests, call) => publishStream(requests, { region: context.region, looking, anonymous }, call),
    ),
  ]
  return () => {
    for (const close of closing) close()
  }
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
