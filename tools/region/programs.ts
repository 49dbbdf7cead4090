import { join } from 'node:path'
import { type Plan, type ZonePlan, zoneNames } from './plan.ts'

const ours = (path: string) => join(import.meta.dirname, '../..', path)
const nameserversOf = (plan: Plan) => plan.zones.map(({ nameserver }) => nameserver).join(',')

/**
 * Four processes share the cores of one machine. V8's helper threads would take turns with the threads they help, a heap that
 * starts small is marked again and again while it grows, and what a message leaves behind should die young: together a third of
 * the p99 latency at 10,000 messages a second (docs/decisions/0009-pauses.md).
 */
export const nodeFlags = ['--v8-pool-size=0', '--initial-old-space-size=400', '--max-semi-space-size=16']

/**
 * Those who look on do so when there is nothing better to do, and in little memory. What passes through them are buffers, which lie
 * outside of the heap: a small young half is emptied often and cheaply, and gives them back before a whole marking is due for them.
 */
const onlookerFlags = [
  '--v8-pool-size=0',
  '--max-old-space-size=512',
  '--initial-old-space-size=128',
  '--max-semi-space-size=2',
]

/** The command line of a zone's process (after `node`). */
export function zoneArguments(
  plan: Plan,
  { zone, nameserver, broker, proxy, mqtt, websocket, api, metrics }: ZonePlan,
): string[] {
  return [
    ...nodeFlags,
    join(import.meta.dirname, 'zone.ts'),
    ...['--zone', zone, '--nameserver', nameserver, '--nameservers', nameserversOf(plan), '--broker', broker],
    ...['--proxy', proxy],
    ...['--mqtt', mqtt, '--mqtt-shared', plan.mqtt, '--websocket', websocket, '--websocket-shared', plan.websocket],
    ...['--api', api, '--api-shared', plan.api, '--metrics', metrics],
  ]
}

export function logArguments(address: string, metrics: string, folder: string): string[] {
  return [
    ...nodeFlags,
    ours('libs/log/src/embedded/main.ts'),
    '--listen',
    address,
    '--data',
    join(folder, 'log'),
    '--metrics',
    metrics,
  ]
}

/** What runs beside the zones and carries no message: by name, its command line. */
export const onlookers = {
  trace: (plan: Plan) => [
    ...[...onlookerFlags, ours('services/trace/src/main.ts'), '--zone', zoneNames[0], '--listen', plan.trace.rpc],
    ...['--tempo', plan.trace.tempo, '--otlp-grpc', plan.trace.otlpGrpc, '--otlp-http', plan.trace.otlpHttp],
    ...['--nameservers', nameserversOf(plan), '--metrics', plan.trace.metrics],
  ],
  console: (plan: Plan) => [
    ...[...onlookerFlags, ours('services/console/src/main.ts'), '--zone', zoneNames[0], '--listen', plan.console.http],
    ...['--proxies', [plan.api, ...plan.zones.map(({ api }) => api)].join(','), '--nameservers', nameserversOf(plan)],
    ...['--data', plan.folder, '--dev-control', plan.control, '--metrics', plan.console.metrics],
  ],
}
export type Onlooker = keyof typeof onlookers

/** What the zones decide and do stands among the region's own traces, unless a collector is named or none is wanted. */
export function ownCollector(
  { trace }: Plan,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  if (Object.keys(env).some((name) => name.startsWith('OTEL_'))) return {}
  return { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://${trace.otlpHttp}/v1/traces`, OTEL_BSP_SCHEDULE_DELAY: '1000' }
}
