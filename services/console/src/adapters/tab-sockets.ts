import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '@tern/runtime'
import { type WebSocket, WebSocketServer } from 'ws'
import { frameBytesMax, readFrame } from '../core/frames.ts'
import { type ApiFailure, StreamFailure } from './region-api.ts'
import type { TabSource } from './tab-source.ts'
import { TabSubscription } from './tab-subscription.ts'

export const tabCountMax = 200
export const subscriptionsPerTabMax = 32
/** What may wait in the socket of a tab that does not read. */
const bufferedBytesMax = 4 * 1024 * 1024
const pingEveryMs = 15_000
/** A tab that has not answered for two pings is gone: asleep, or cut off. */
const silentPingsMax = 2

export type TabSockets = Readonly<{
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, stillLoggedIn: () => boolean): void
  readonly count: number
  close(): void
}>

/** One WebSocket for each tab; any number of server-streaming calls on it. */
export function createTabSockets(source: TabSource, clock: Clock): TabSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: frameBytesMax, perMessageDeflate: false })
  const tabs = new Set<WebSocket>()
  return {
    get count() {
      return tabs.size
    },
    accept(request, socket, head, stillLoggedIn) {
      if (tabs.size >= tabCountMax) {
        socket.end('HTTP/1.1 503 Service Unavailable\r\nretry-after: 10\r\ncontent-length: 0\r\n\r\n')
        return
      }
      server.handleUpgrade(request, socket, head, (webSocket) => {
        tabs.add(webSocket)
        webSocket.on('close', () => tabs.delete(webSocket))
        serveTab(webSocket, source, clock, stillLoggedIn)
      })
    },
    close() {
      for (const tab of tabs) tab.close(1001, 'the console stops')
      server.close()
    },
  }
}

function serveTab(webSocket: WebSocket, source: TabSource, clock: Clock, stillLoggedIn: () => boolean): void {
  const subscriptions = new Map<number, TabSubscription>()
  let unanswered = 0
  const say = (text: string) => {
    if (webSocket.readyState !== webSocket.OPEN) return
    webSocket.send(text, () => {
      if (webSocket.bufferedAmount === 0) for (const each of subscriptions.values()) each.flush()
    })
  }
  const refuse = (sub: number, { code, message, details }: ApiFailure) => {
    subscriptions.delete(sub)
    say(JSON.stringify({ error: sub, code, message, details }))
  }
  const ping = () => {
    if (webSocket.readyState !== webSocket.OPEN) return
    if (!stillLoggedIn()) return webSocket.close(4401, 'the session has ended; log in again')
    if (unanswered++ >= silentPingsMax) return webSocket.terminate()
    say('{"ping":1}')
    clock.after(pingEveryMs, ping)
  }

  const begin = (sub: number, rpc: string, request: object, credit: number | undefined) => {
    if (subscriptions.has(sub)) return refuse(sub, { code: 'already_exists', message: `"sub" ${sub} is in use` })
    if (subscriptions.size >= subscriptionsPerTabMax) {
      return refuse(sub, { code: 'resource_exhausted', message: `a tab holds ${subscriptionsPerTabMax} streams` })
    }
    const subscription = new TabSubscription(sub, rpc, credit, {
      say,
      mayWrite: () => webSocket.bufferedAmount < bufferedBytesMax,
    })
    subscriptions.set(sub, subscription)
    void subscription.run(source(rpc, request, subscription.signal)).then(
      () => {
        if (subscriptions.delete(sub)) say(JSON.stringify({ end: sub }))
      },
      (error: unknown) => {
        if (subscriptions.get(sub) === subscription) refuse(sub, failureOf(error))
      },
    )
  }

  webSocket.on('message', (data: Buffer) => {
    const frame = readFrame(data.toString())
    if (typeof frame === 'string') return webSocket.close(1008, frame)
    unanswered = 0
    if (frame.kind === 'begin') begin(frame.sub, frame.rpc, frame.request, frame.credit)
    else if (frame.kind === 'credit') subscriptions.get(frame.sub)?.add(frame.credit)
    else if (frame.kind === 'end') {
      subscriptions.get(frame.sub)?.end()
      subscriptions.delete(frame.sub)
    }
  })
  webSocket.on('error', () => webSocket.terminate())
  webSocket.on('close', () => {
    for (const each of subscriptions.values()) each.end()
    subscriptions.clear()
  })
  clock.after(pingEveryMs, ping)
}

const failureOf = (error: unknown): ApiFailure =>
  error instanceof StreamFailure ? error.failure : { code: 'unknown', message: (error as Error).message }
