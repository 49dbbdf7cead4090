import { type LogSettings, logEnvironment } from '@tern/log'
import { loopback, portsOrFree } from './ports.ts'

export const zoneNames = ['az-a', 'az-b', 'az-c'] as const
export type ZoneName = (typeof zoneNames)[number]

export const queuesOfRegion = 12

export type ZonePlan = Readonly<{
  zone: ZoneName
  nameserver: string
  broker: string
  /** What its proxy serves to other services. */
  proxy: string
  /** The zone's own MQTT, WebSocket and API addresses. */
  mqtt: string
  websocket: string
  api: string
  metrics: string
}>

/** Where everything of a region listens and writes. */
export type Plan = Readonly<{
  folder: string
  /** Shared by all zones, so that it outlives any of them. */
  mqtt: string
  websocket: string
  api: string
  /** Of the embedded log; undefined when the region stands on Kafka. */
  log: string | undefined
  logMetrics: string
  /** What the zones are told of their log, in their environment. */
  logEnvironment: Readonly<Record<string, string>>
  zones: readonly ZonePlan[]
  trace: Readonly<{ rpc: string; tempo: string; otlpGrpc: string; otlpHttp: string; metrics: string }>
  console: Readonly<{ http: string; metrics: string }>
  /** Of tern.dev.v1, by which zones are killed. */
  control: string
}>

/** What people type and what is configured elsewhere; `port` stands for the shared MQTT port. */
const wellKnown = (port: number) => ({
  mqtt: port,
  'mqtt az-a': port + 1,
  'mqtt az-b': port + 2,
  'mqtt az-c': port + 3,
  websocket: 8083,
  'websocket az-a': 8084,
  'websocket az-b': 8085,
  'websocket az-c': 8086,
  api: 9090,
  'api az-a': 9091,
  'api az-b': 9092,
  'api az-c': 9093,
  console: 8080,
  tempo: 3200,
  'otlp gRPC': 4317,
  'otlp HTTP': 4318,
})

/** What only processes of the region ask for; any free port will do. */
const inner = [
  ...['log', 'log metrics', 'control', 'trace', 'trace metrics', 'console metrics'],
  ...zoneNames.flatMap((zone) => ['nameserver', 'broker', 'proxy', 'metrics'].map((part) => `${part} ${zone}`)),
]

/**
 * `port`: the shared MQTT port, the zones' own ones follow it; 0: free ones everywhere. `kafka`: where the log is, when it is not an
 * embedded one of the region's own.
 */
export async function planRegion(folder: string, port: number, kafka?: LogSettings): Promise<Plan> {
  const known = Object.entries(wellKnown(port)).map(([name, number]) => [name, port === 0 ? 0 : number] as const)
  const names = [...known.map(([name]) => name), ...inner]
  const ports = await portsOrFree(names.map((_, i) => known[i]?.[1] ?? 0))
  const at = (name: string) => `${loopback}:${ports[names.indexOf(name)]}`
  return {
    folder,
    mqtt: at('mqtt'),
    websocket: at('websocket'),
    api: at('api'),
    log: kafka === undefined ? at('log') : undefined,
    logMetrics: at('log metrics'),
    logEnvironment: kafka === undefined ? { TERN_LOG: at('log') } : logEnvironment(kafka),
    zones: zoneNames.map((zone) => ({
      zone,
      nameserver: at(`nameserver ${zone}`),
      broker: at(`broker ${zone}`),
      proxy: at(`proxy ${zone}`),
      mqtt: at(`mqtt ${zone}`),
      websocket: at(`websocket ${zone}`),
      api: at(`api ${zone}`),
      metrics: at(`metrics ${zone}`),
    })),
    trace: {
      ...{ rpc: at('trace'), tempo: at('tempo'), otlpGrpc: at('otlp gRPC'), otlpHttp: at('otlp HTTP') },
      metrics: at('trace metrics'),
    },
    console: { http: at('console'), metrics: at('console metrics') },
    control: at('control'),
  }
}

/** A sentence for each well-known port that somebody else had. */
export function replacedPorts(plan: Plan, port: number): string[] {
  if (port === 0) return []
  const {
    trace,
    console: { http },
  } = plan
  const given = [
    ...[plan.mqtt, ...plan.zones.map((zone) => zone.mqtt)],
    ...[plan.websocket, ...plan.zones.map((zone) => zone.websocket)],
    ...[plan.api, ...plan.zones.map((zone) => zone.api)],
    ...[http, trace.tempo, trace.otlpGrpc, trace.otlpHttp],
  ]
  return Object.values(wellKnown(port)).flatMap((wanted, i) => {
    const taken = portOf(given[i] ?? '')
    return taken === wanted ? [] : [`port ${wanted} is busy; ${taken} is used instead`]
  })
}

export const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))
