import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Mode, unaryAnswer } from './fake-answers.ts'
import { filterOf } from './fake-filter.ts'
import { messageAt, newest, oldest } from './fake-messages.ts'
import { FakeRegion } from './fake-region.ts'

// biome-ignore lint/suspicious/noExplicitAny: JSON as it comes.
type Json = any

export type FakeApi = Readonly<{
  address: string
  region: FakeRegion
  /** Calls whose name ends with `call` are answered so, until `well` is called. */
  answer(call: string, mode: Mode): void
  well(): void
  /** Breaks every stream that is open. */
  cut(): void
  /** Requests that came, newest last. */
  readonly calls: readonly Readonly<{ name: string; request: Json }>[]
  close(): void
}>

/** The public API over HTTP, of a region that is not there. */
export async function startFakeApi(port = 0): Promise<FakeApi> {
  const region = new FakeRegion()
  const modes = new Map<string, Mode>()
  const calls: { name: string; request: Json }[] = []
  const streams = new Set<ServerResponse>()
  const modeOf = (name: string) => [...modes].find(([call]) => name.endsWith(call))?.[1]

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const asked = JSON.parse(Buffer.concat(chunks).toString() || '{}')
    const name = (request.url ?? '').replace('/tern.v1.', '')
    calls.push({ name, request: asked })
    if (calls.length > 500) calls.shift()
    const mode = modeOf(name)
    if (mode === 'slow') return
    if (mode === 'error')
      return refuse(response, 503, 'unavailable', 'broker-b gave no answer within 2 s', 'UNREACHABLE')
    if (mode === 'denied')
      return refuse(response, 403, 'permission_denied', 'admin may not see this', 'NO_RULE_MATCHED')
    if (/\/(Watch|Replay)/.test(name)) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      streams.add(response)
      response.on('close', () => streams.delete(response))
      return stream(region, name, asked, response)
    }
    const answer = unaryAnswer(region, name, asked, mode)
    if (answer === undefined)
      return refuse(response, 404, 'not_found', `there is no ${JSON.stringify(asked)}`, 'NOT_FOUND')
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    region,
    calls,
    answer: (call, mode) => void modes.set(call, mode),
    well: () => modes.clear(),
    cut: () => {
      for (const each of streams) each.destroy()
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function refuse(response: ServerResponse, status: number, code: string, message: string, reason: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify({ code, message, details: [{ type: 'google.rpc.ErrorInfo', debug: { reason, domain: 'tern' } }] }),
  )
}

function stream(region: FakeRegion, name: string, asked: Json, response: ServerResponse): void {
  const send = (value: unknown) => void response.write(`data: ${JSON.stringify(value)}\n\n`)
  const every = (ms: number, task: () => void) => {
    const timer = setInterval(task, ms)
    response.on('close', () => clearInterval(timer))
  }
  if (name.endsWith('WatchTopology')) {
    let revision = 0
    let at = 0
    const look = () => {
      if (region.revision === revision && Date.now() - at < 1_000) return
      revision = region.revision
      at = Date.now()
      send({ topology: region.topology() })
    }
    look()
    every(50, look)
  } else if (name.endsWith('WatchEvents')) {
    let told = region.events.length
    every(50, () => {
      if (region.events.length > told) send({ events: region.events.slice(told) })
      told = region.events.length
    })
  } else if (name.endsWith('WatchGroups')) {
    const look = () => send(unaryAnswer(region, 'SubscriptionService/ListGroups', {}))
    look()
    every(1_000, look)
  } else if (name.endsWith('ReplayMessages')) {
    replay(asked, send, every)
  }
}

function replay(asked: Json, send: (value: unknown) => void, every: (ms: number, task: () => void) => void): void {
  let next = newest() - 20
  const wanted = filterOf(asked.topicFilter ?? '')
  every(250, () => {
    const messages = []
    for (; next <= newest(); next++) {
      const message = messageAt(next, asked.payloadPreviewBytes)
      if (next >= oldest() && wanted(message.topic)) messages.push(message)
    }
    const most = Math.max(1, Math.floor((asked.samplePerSecond || 1_000) / 4))
    const kept = messages.slice(0, most)
    if (kept.length > 0)
      send({ messages: kept, cursor: `c-${next}`, caughtUp: true, skipped: `${messages.length - kept.length}` })
  })
}
