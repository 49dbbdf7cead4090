import { traceQuery, type traces } from '@tern/proto'
import { connectClient, unaryCall } from '@tern/rpc'
import { freePorts, loopback } from '../../../tools/region/ports.ts'
import type { Region } from '../../support/region.ts'
import { runService, type Service } from '../../support/service.ts'

const main = 'services/trace/src/main.ts'

export type TraceProcess = Readonly<{
  service: Service
  address: string
  /** URLs of Tempo's API and of OTLP over HTTP. */
  tempo: string
  otlp: string
  /** Undefined while nothing is known of it. */
  messageTrace(queue: number, position: number): Promise<traces.Trace | undefined>
  trace(traceId: string): Promise<traces.Trace | undefined>
  search(query: string, limit?: number): Promise<readonly traces.TraceSummary[]>
  deliveries(queue: number, position: number, clientId: string): Promise<traceQuery.ListDeliveriesResponse>
  /** Resolves once it is gone. */
  kill(): Promise<void>
}>

/** A trace service beside a region; `listen` when it is to be where another one was. */
export async function startTrace(region: Region, listen = '127.0.0.1:0'): Promise<TraceProcess> {
  const { zones, log } = region.plan
  const env = { TERN_NAMESERVERS: zones.map(({ nameserver }) => nameserver).join(','), TERN_LOG: log ?? '' }
  const [tempo, otlpGrpc, otlpHttp] = (await freePorts(3)).map((port) => `${loopback}:${port}`)
  const others = ['--tempo', tempo ?? '', '--otlp-grpc', otlpGrpc ?? '', '--otlp-http', otlpHttp ?? '']
  const flags = ['--zone', 'az-a', '--listen', listen, ...others]
  const service = runService(main, flags, env)
  const address = await Promise.race([
    service.ready,
    service.ended.then(({ stderr }) => {
      throw new Error(`the trace service ended before it served:\n${stderr}`)
    }),
  ])
  const client = connectClient(address)
  const methods = traceQuery.QueryServiceService
  const unlessUnknown = (error: { code?: number }) => {
    if (error.code === 5) return undefined
    throw error
  }
  return {
    service,
    ...{ address, tempo: `http://${tempo}`, otlp: `http://${otlpHttp}` },
    messageTrace: (queue, position) =>
      unaryCall(client, methods.getMessageTrace, { queue, position }, 10_000).then(({ trace }) => trace, unlessUnknown),
    trace: (traceId) =>
      unaryCall(client, methods.getTrace, { traceId }, 10_000).then(({ trace }) => trace, unlessUnknown),
    search: async (query, limit = 20) => {
      const request = { query, limit, startTime: undefined, endTime: undefined }
      return (await unaryCall(client, methods.searchTraces, request, 10_000)).traces
    },
    deliveries: (queue, position, clientId) =>
      unaryCall(client, methods.listDeliveries, { queue, position, clientId }, 10_000),
    async kill() {
      client.close()
      service.process.kill('SIGKILL')
      await service.ended
    },
  }
}

/** One proxy more, which tells publishers of their traces. */
export async function tellingProxy({ plan }: Region): Promise<{ service: Service; address: string }> {
  const [mqtt] = (await freePorts(1)).map((port) => `${loopback}:${port}`)
  const nameservers = plan.zones.map(({ nameserver }) => nameserver).join(',')
  const flags = ['--zone', 'az-a', '--mqtt', mqtt ?? '', '--websocket', '', '--api', '', '--tell-traces', 'true']
  const service = runService('services/proxy/src/main.ts', flags, { TERN_NAMESERVERS: nameservers })
  return { service, address: await service.ready }
}
