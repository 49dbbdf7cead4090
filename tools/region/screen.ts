import { version } from '@tern/runtime'
import { type Plan, portOf } from './plan.ts'
import type { Supervisor } from './supervisor.ts'

/** What stands on the screen once the region is ready. */
export function summary({ plan, keepers }: Supervisor, tookMs: number, interactive: boolean): string {
  const pidOf = (name: string) => keepers.find(({ options }) => options.name === name)?.pid ?? '-'
  const rows = plan.zones.map((zone) =>
    row(zone.zone, `mqtt://${zone.mqtt}`, `ws://${zone.websocket}/mqtt`, zone.api, pidOf(zone.zone)),
  )
  return [
    '',
    `TernMQ ${version}: three zones on this machine, ready in ${(tookMs / 1_000).toFixed(1)} s; data in ${plan.folder}`,
    '',
    row('zone', 'MQTT', 'WebSocket', 'API', 'process'),
    ...rows,
    row('all', `mqtt://${plan.mqtt}`, `ws://${plan.websocket}/mqtt`, plan.api, ''),
    row('log', plan.log ?? `kafka ${plan.logEnvironment['TERN_KAFKA_BOOTSTRAP']}`, '', '', pidOf('log')),
    '',
    ...onlookers(plan, pidOf),
    '',
    "Try it, in two other terminals:   ./tern sub 'demo/#'   and   ./tern pub demo/hello -m hi   (./tern --help for the rest)",
    `Any MQTT client will do:          npx mqtt pub -h 127.0.0.1 -p ${portOf(plan.mqtt)} -q 1 -t demo/hello -m hello`,
    '',
    `Log files: ${plan.folder}/logs    process ids: ${plan.folder}/run`,
    interactive
      ? 'Keys: f then a, b or c: kill that zone and hold it down   h then a letter: heal it\n' +
        '      d then a letter: move its queues away   u then a letter: let it have queues again   l: logs on or off   q: quit'
      : 'No terminal here: runs until SIGTERM or SIGINT.',
    'No TLS and no users: it listens on this machine only.',
    '',
  ].join('\n')
}

function onlookers({ folder, api, console, trace }: Plan, pidOf: (name: string) => number | string): string[] {
  return [
    line('gRPC', `${api}   tern.v1, with reflection and health`),
    line('HTTP', `http://${api}   JSON for every call, /openapi.json`),
    line(
      'console',
      `http://${console.http}   user admin, password in ${folder}/admin.txt   process ${pidOf('console')}`,
    ),
    line('Grafana', `http://${trace.tempo}   as a Tempo data source   process ${pidOf('trace')}`),
    line('OTLP', `${trace.otlpGrpc} (gRPC)   http://${trace.otlpHttp}   for the spans of your services`),
  ]
}

const line = (name: string, text: string) => `  ${name.padEnd(8)} ${text}`

const row = (zone: string, mqtt: string, websocket: string, api: string, pid: string | number) =>
  `  ${zone.padEnd(6)} ${mqtt.padEnd(23)} ${websocket.padEnd(27)} ${api.padEnd(16)} ${pid}`.trimEnd()
