import { join } from 'node:path'
import { type LogSettings, logEnvironment } from '@tern/log'
import { loopback, portsOrFree } from './ports.ts'

export const zoneNames = ['az-a', 'az-b', 'az-c'] as const
export type ZoneName = (typeof zoneNames)[number]

export const queuesOfRegion = 12

export type ZonePlan = Readonly<{
  zone: ZoneName
  nameserver: string
  broker: string
  /** The zone's own MQTT and WebSocket addresses. */
  mqtt: string
  websocket: string
}>

/** Where everything of a region listens and writes. */
export type Plan = Readonly<{
  folder: string
  /** Shared by all zones, so that it outlives any of them. */
  mqtt: string
  websocket: string
  /** Of the embedded log; undefined when the region stands on Kafka. */
  log: string | undefined
  /** What the zones are told of their log, in their environment. */
  logEnvironment: Readonly<Record<string, string>>
  zones: readonly ZonePlan[]
}>

/**
 * `port`: the shared MQTT port, the zones' own ones follow it; 0: free ones everywhere. `kafka`: where the log is, when it is not an
 * embedded one of the region's own.
 */
export async function planRegion(folder: string, port: number, kafka?: LogSettings): Promise<Plan> {
  const address = (number: number) => `${loopback}:${number}`
  const wanted = port === 0 ? [0, 0, 0, 0, 0, 0, 0, 0] : [port, port + 1, port + 2, port + 3, 8083, 8084, 8085, 8086]
  const inside = Array<number>(1 + 2 * zoneNames.length).fill(0)
  const addresses = (await portsOrFree([...wanted, ...inside])).map(address)
  const clients = addresses.slice(0, wanted.length)
  const inner = addresses.slice(wanted.length)
  const pick = (list: string[], index: number) => list[index] ?? ''
  return {
    folder,
    mqtt: pick(clients, 0),
    websocket: pick(clients, 4),
    log: kafka === undefined ? pick(inner, 0) : undefined,
    logEnvironment: kafka === undefined ? { TERN_LOG: pick(inner, 0) } : logEnvironment(kafka),
    zones: zoneNames.map((zone, i) => ({
      zone,
      nameserver: pick(inner, 1 + 2 * i),
      broker: pick(inner, 2 + 2 * i),
      mqtt: pick(clients, 1 + i),
      websocket: pick(clients, 5 + i),
    })),
  }
}

/**
 * Four processes share the cores of one machine. V8's helper threads would take turns with the threads they help, a heap that
 * starts small is marked again and again while it grows, and what a message leaves behind should die young: together a third of
 * the p99 latency at 10,000 messages a second (docs/decisions/0009-pauses.md).
 */
export const nodeFlags = ['--v8-pool-size=0', '--initial-old-space-size=400', '--max-semi-space-size=16']

/** The command line of a zone's process (after `node`). */
export function zoneArguments(plan: Plan, { zone, nameserver, broker, mqtt, websocket }: ZonePlan): string[] {
  const nameservers = plan.zones.map((each) => each.nameserver).join(',')
  return [
    ...nodeFlags,
    join(import.meta.dirname, 'zone.ts'),
    ...['--zone', zone, '--nameserver', nameserver, '--nameservers', nameservers, '--broker', broker],
    ...['--mqtt', mqtt, '--mqtt-shared', plan.mqtt, '--websocket', websocket, '--websocket-shared', plan.websocket],
  ]
}

export function logArguments(address: string, folder: string): string[] {
  const main = join(import.meta.dirname, '../../libs/log/src/embedded/main.ts')
  return [...nodeFlags, main, '--listen', address, '--data', join(folder, 'log')]
}
