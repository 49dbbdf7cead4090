import { type IncomingHttpHeaders, request } from 'node:http'
import { cluster, messaging } from '@tern/proto'
import { type Handlers, publicService } from '@tern/rpc'
import { systemClock } from '@tern/runtime'
import { onTestFinished } from 'vitest'
import { type ApiServer, startApiServer } from '../api-server.ts'
import type { Routes } from '../http/exchange.ts'

export type Served = Readonly<{ server: ApiServer; address: string; faults: unknown[] }>

type Given = Readonly<{
  cluster?: Handlers<typeof cluster.ClusterServiceService>
  messaging?: Handlers<typeof messaging.MessagingServiceService>
  routes?: Routes
  origins?: readonly string[]
}>

/** The API on a port of its own, with these handlers. */
export async function serveApi(given: Given): Promise<Served> {
  const faults: unknown[] = []
  const server = await startApiServer({
    listeners: [{ address: '127.0.0.1:0', shared: false }],
    services: [
      publicService(cluster.ClusterServiceService, given.cluster ?? {}),
      publicService(messaging.MessagingServiceService, given.messaging ?? {}),
    ],
    headers: { 'tern-zone': 'az-a', 'tern-node': 'proxy-a', 'tern-version': '9.9' },
    clock: systemClock,
    fault: (error) => void faults.push(error),
    ...(given.routes && { routes: given.routes }),
    ...(given.origins && { origins: given.origins }),
  })
  onTestFinished(() => server.kill())
  return { server, address: server.addresses[0] ?? '', faults }
}

export type Answer = Readonly<{ status: number; headers: IncomingHttpHeaders; body: string; json: () => unknown }>

type Options = Readonly<{ method?: string; headers?: Record<string, string>; body?: string | Uint8Array }>

/** Asks by HTTP/1.1. A path goes as it is. */
export function ask({ address }: Served, path: string, options: Options = {}): Promise<Answer> {
  const { method = 'POST', headers = { 'content-type': 'application/json' }, body = '' } = options
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('latin1')
        const { statusCode = 0 } = response
        const utf8 = Buffer.from(text, 'latin1').toString()
        resolve({ status: statusCode, headers: response.headers, body: text, json: () => JSON.parse(utf8) })
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
