import { randomUUID } from 'node:crypto'
import { type PublicServer, type PublicServerOptions, type PublicService, startPublicServer } from '@tern/rpc'
import { type Clock, pause, version } from '@tern/runtime'
import { contracts } from './contracts.ts'
import { Health } from './health.ts'
import type { HttpRequest, Routes } from './http/exchange.ts'
import { createGateway } from './http/gateway.ts'
import { openApi } from './http/openapi.ts'
import { reflectionServices } from './reflection.ts'

/** What a stop takes: that whoever balances load sees it, and that calls and streams end by themselves. */
export const stopLimits = { noticeMs: 200, graceMs: 1_500 } as const

export type ApiListener = Readonly<{
  address: string
  /** Together with other processes (SO_REUSEPORT). */
  shared: boolean
}>

export type ApiServerOptions = Readonly<{
  listeners: readonly ApiListener[]
  services: readonly PublicService[]
  /** Paths of HTTP that are made by hand. */
  routes?: Routes
  /** Sites whose pages may call from a browser; none when left out. */
  origins?: readonly string[]
  clock: Clock
  /** What the server says of itself with each answer: tern-zone, tern-node, tern-version. */
  headers: Readonly<Record<string, string>>
  /** False: strangers are not told what there is. */
  reflection?: boolean
  upgrade?: NonNullable<PublicServerOptions['upgrade']>
  limits?: NonNullable<PublicServerOptions['limits']>
  fault: (error: unknown, path: string) => void
  observe?: NonNullable<PublicServerOptions['observe']>
}>

export type ApiServer = Readonly<{
  /** host:port of each listener, as bound. */
  addresses: readonly string[]
  /** Says that it does not serve, tells streams, lets calls end, then closes. */
  stop(stopping?: Readonly<{ noticeMs: number; graceMs: number }>): Promise<void>
  /** At once. */
  kill(): void
}>

/** Serves services with health and reflection, over gRPC and HTTP/1.1, on each of its ports. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { listeners, services, clock, reflection = true } = options
  const names = [...new Set(services.flatMap(({ methods }) => methods.map(({ path }) => path.split('/')[1] as string)))]
  const health = new Health(names)
  const listed = [...names, 'grpc.health.v1.Health', ...(reflection ? reflectionNames : [])]
  const all = [...services, health.service(), ...(reflection ? reflectionServices(contracts(), listed) : [])]
  const draining = new AbortController()
  const http = createGateway({
    ...{ ...options, contracts: contracts(), drawId: randomUUID, draining: draining.signal },
    ...{ methods: services.flatMap(({ methods }) => methods), origins: options.origins ?? [] },
    routes: (request) => ownRoutes(request, health, names) ?? options.routes?.(request),
  })
  const servers: PublicServer[] = []
  const kill = () => {
    for (const server of servers) server.stop()
  }
  try {
    for (const { address, shared } of listeners) {
      servers.push(await startPublicServer(address, { ...options, http, services: all, reusePort: shared }))
    }
  } catch (error) {
    kill()
    throw error
  }
  return {
    addresses: servers.map(({ address }) => address),
    async stop({ noticeMs, graceMs } = stopLimits) {
      health.stopServing()
      draining.abort()
      await pause(clock, noticeMs)
      await Promise.all(servers.map((server) => server.drain(graceMs)))
      kill()
    },
    kill,
  }
}

/** What every public port answers by HTTP. */
function ownRoutes({ method, path }: HttpRequest, health: Health, names: readonly string[]) {
  if (method !== 'GET' && method !== 'HEAD') return undefined
  const headers = { 'content-type': 'application/json' }
  if (path === '/health') {
    const body = JSON.stringify({ status: health.serving ? 'SERVING' : 'NOT_SERVING' })
    return Promise.resolve({ status: health.serving ? 200 : 503, headers, body })
  }
  if (path !== '/openapi.json') return undefined
  return Promise.resolve({ status: 200, headers, body: JSON.stringify(openApi(contracts(), names, version)) })
}

const reflectionNames = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection']
