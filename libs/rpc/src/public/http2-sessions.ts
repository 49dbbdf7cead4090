import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { pause } from '@tern/runtime'
import { type CallServer, serveCall } from './grpc-call.ts'
import type { PublicLimits } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

export type Http2Sessions = Readonly<{
  /** Takes over a connection whose first bytes were put back. */
  accept(socket: Socket): void
  /** Tells every client to go, and resolves once they have, or after the grace. */
  drain(graceMs: number): Promise<void>
  destroy(): void
}>

/** The connections that speak HTTP/2, held to the limits. */
export function http2Sessions(server: CallServer): Http2Sessions {
  const http2 = createServer(optionsOf(server.limits))
  const sessions = new Set<ServerHttp2Session>()
  http2.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    // What breaks the protocol ends its connection, and is nothing that anybody here could help.
    session.on('error', () => {})
    guard(session, server)
  })
  http2.on('sessionError', () => {})
  http2.on('stream', (stream, headers) => serveCall(stream as ServerHttp2Stream, headers, server))
  return {
    accept: (socket) => void http2.emit('connection', socket),
    async drain(graceMs) {
      const closed = [...sessions].map((session) => new Promise<void>((resolve) => session.close(resolve)))
      await Promise.race([Promise.all(closed), pause(server.clock, graceMs)])
    },
    destroy() {
      for (const session of sessions) session.destroy()
    },
  }
}

function optionsOf(limits: PublicLimits) {
  return {
    maxSessionMemory: limits.sessionMegabytesMax,
    // Beyond our own limits a little, so that those answer with a reason.
    maxHeaderListPairs: 2 * limits.metadataCountMax,
    maxSettings: 32,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    streamResetBurst: limits.resetBurst,
    streamResetRate: limits.resetsPerSecond,
    settings: {
      maxConcurrentStreams: limits.streamsPerConnectionMax,
      initialWindowSize: limits.streamWindowBytes,
      maxHeaderListSize: 2 * limits.metadataBytesMax,
    },
  }
}

/** Ends a session that floods, that is dead, or that nobody uses. */
function guard(session: ServerHttp2Session, { clock, limits }: CallServer): void {
  session.setLocalWindowSize(limits.connectionWindowBytes)
  const frames = new TokenBucket(limits.controlFrameBurst, limits.controlFramesPerSecond, clock.now())
  const count = () => {
    if (!session.destroyed && !frames.take(clock.now())) session.destroy(constants.NGHTTP2_ENHANCE_YOUR_CALM as never)
  }
  session.on('ping', count)
  session.on('remoteSettings', count)
  let calls = 0
  let idleSince = clock.now()
  session.on('stream', (stream: ServerHttp2Stream) => {
    calls += 1
    stream.on('close', () => {
      calls -= 1
      idleSince = clock.now()
    })
  })
  session.setTimeout(limits.keepaliveMs, () => {
    if (calls === 0 && clock.now() - idleSince >= limits.idleConnectionMs) return session.close()
    const dead = clock.after(limits.keepaliveAnswerMs, () => session.destroy())
    const sent = !session.destroyed && session.ping(() => dead.cancel())
    if (!sent) session.destroy()
  })
}
