import { createServer, type IncomingMessage } from 'node:http'
import type { Clock } from '@tern/runtime'
import { type WebSocket, WebSocketServer } from 'ws'
import { type ClientSocket, goodbyeMs, peerOf, WriteBatch, WriteTurn } from './client-socket.ts'
import { type Listening, listenOn } from './listening.ts'

const path = '/mqtt'
const protocols = ['mqtt', 'mqttv3.1'] as const
/** What a client that sends text is told: MQTT is binary [MQTT5-6.0.0-1]. */
const unsupportedData = 1003

/** Listens for MQTT over WebSocket, at /mqtt with subprotocol `mqtt` [MQTT5-6.0.0-3] [MQTT5-6.0.0-4]. */
export function listenWebSocket(
  address: string,
  shared: boolean,
  options: Readonly<{
    clock: Clock
    packetBytesMax: number
    accept: (socket: ClientSocket) => void
  }>,
): Promise<Listening> {
  const turn = new WriteTurn((task) => options.clock.soon(task))
  const server = createServer((_, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' })
    response.end(`this port speaks MQTT over WebSocket at ${path}\n`)
  })
  const webSockets = new WebSocketServer({
    server,
    path,
    // A frame may hold several packets, and a packet may be spread over frames [MQTT5-6.0.0-2].
    maxPayload: 4 * options.packetBytesMax,
    perMessageDeflate: false,
    verifyClient: ({ req }, answer) => answer(protocolOf(req) !== undefined, 400, `offer subprotocol ${protocols[0]}`),
    handleProtocols: (_, request) => protocolOf(request) ?? false,
  })
  webSockets.on('error', () => {})
  webSockets.on('connection', (webSocket, { socket }) =>
    options.accept(clientSocket(webSocket, peerOf(socket), turn, options.clock)),
  )
  return listenOn(server, address, shared).then((listening) => ({
    ...listening,
    close() {
      webSockets.close()
      server.closeAllConnections()
      listening.close()
    },
  }))
}

/** What the client offered, and MQTT may be spoken under. */
function protocolOf({ headers }: IncomingMessage): string | undefined {
  const offered = headers['sec-websocket-protocol']?.split(',').map((each) => each.trim()) ?? []
  return protocols.find((each) => offered.includes(each))
}

function clientSocket(webSocket: WebSocket, peer: string, turn: WriteTurn, clock: Clock): ClientSocket {
  let drained = () => {}
  const batch = new WriteBatch(turn, (bytes) =>
    webSocket.send(bytes, () => {
      if (webSocket.bufferedAmount === 0) drained()
    }),
  )
  let refused = false
  /** Says why, and does not wait for long for the client's side of it. */
  const goodbye = (code?: number, why?: string) => {
    webSocket.close(code, why)
    clock.after(goodbyeMs, () => webSocket.terminate())
  }
  // A frame that is none: the library has said so to the client.
  webSocket.on('error', () => goodbye())
  return {
    peer,
    listen(listener) {
      drained = () => listener.drain()
      webSocket.on('message', (message: Buffer, isBinary) => {
        if (refused) return
        if (isBinary) return listener.data(message)
        refused = true
        goodbye(unsupportedData, 'MQTT is binary')
      })
      webSocket.on('close', () => listener.closed())
    },
    write: (bytes) => batch.add(bytes),
    pendingBytes: () => batch.bytes + webSocket.bufferedAmount,
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    end() {
      batch.leave()
      webSocket.resume()
      goodbye()
    },
    destroy: () => webSocket.terminate(),
  }
}
