import { createServer, type IncomingMessage } from 'node:http'
import type { Clock } from '@tern/runtime'
import { type WebSocket, WebSocketServer } from 'ws'
import { type ClientSocket, goodbyeMs, WriteBatch } from './client-socket.ts'
import { type Listening, listenOn } from './listening.ts'

const path = '/mqtt'
/** What a client that sends text is told: MQTT is binary [MQTT5-6.0.0-1]. */
const unsupportedData = 1003

/** Listens for MQTT over WebSocket, at /mqtt with subprotocol `mqtt` [MQTT5-6.0.0-3] [MQTT5-6.0.0-4]. */
export function listenWebSocket(
  address: string,
  shared: boolean,
  options: Readonly<{
    clock: Clock
    socketBytesMax: number
    packetBytesMax: number
    accept: (socket: ClientSocket) => void
  }>,
): Promise<Listening> {
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
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : offered.has('mqttv3.1') ? 'mqttv3.1' : false),
  })
  webSockets.on('error', () => {})
  webSockets.on('connection', (webSocket, request) => options.accept(clientSocket(webSocket, request, options)))
  return listenOn(server, address, shared).then((listening) => ({
    ...listening,
    close() {
      webSockets.close()
      server.closeAllConnections()
      listening.close()
    },
  }))
}

function clientSocket(
  webSocket: WebSocket,
  { socket }: IncomingMessage,
  { clock, socketBytesMax }: Readonly<{ clock: Clock; socketBytesMax: number }>,
): ClientSocket {
  let drained = () => {}
  const batch = new WriteBatch(
    (task) => clock.soon(task),
    (bytes) =>
      webSocket.send(bytes, () => {
        if (webSocket.bufferedAmount === 0) drained()
      }),
  )
  webSocket.on('error', () => {})
  return {
    remote: `${socket.remoteAddress}:${socket.remotePort}`,
    listen({ data, drain, closed }) {
      drained = drain
      webSocket.on('message', (message: Buffer, isBinary) => {
        if (isBinary) data(message)
        else webSocket.close(unsupportedData, 'MQTT is binary')
      })
      webSocket.on('close', closed)
    },
    write: (bytes) => batch.add(bytes),
    writable: () => batch.bytes + webSocket.bufferedAmount < socketBytesMax,
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    end() {
      batch.leave()
      webSocket.resume()
      webSocket.close()
      clock.after(goodbyeMs, () => webSocket.terminate())
    },
    destroy: () => webSocket.terminate(),
  }
}
