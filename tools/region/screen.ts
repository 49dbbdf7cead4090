import { portOf } from './plan.ts'
import type { Supervisor } from './supervisor.ts'

/** What stands on the screen once the region is ready. */
export function summary({ plan, keepers }: Supervisor, tookMs: number, interactive: boolean): string {
  const port = portOf(plan.mqtt)
  const pidOf = (name: string) => keepers.find(({ options }) => options.name === name)?.pid ?? '-'
  const rows = plan.zones.map((zone) =>
    row(zone.zone, `mqtt://${zone.mqtt}`, `ws://${zone.websocket}/mqtt`, pidOf(zone.zone)),
  )
  return [
    '',
    `TernMQ: three zones on this machine, ready in ${(tookMs / 1_000).toFixed(1)} s`,
    '',
    row('zone', 'MQTT', 'WebSocket', 'process'),
    ...rows,
    row('all', `mqtt://${plan.mqtt}`, `ws://${plan.websocket}/mqtt`, ''),
    row(
      'log',
      plan.log ?? `kafka ${plan.logEnvironment['TERN_KAFKA_BOOTSTRAP']}`,
      '',
      plan.log === undefined ? '' : pidOf('log'),
    ),
    '',
    'Try it, in two other terminals:',
    `  npx mqtt sub -h 127.0.0.1 -p ${port} -q 1 -t 'demo/#' -v`,
    `  npx mqtt pub -h 127.0.0.1 -p ${port} -q 1 -t demo/hello -m 'hello from one zone to all'`,
    '',
    `Log files: ${plan.folder}/logs    process ids: ${plan.folder}/run`,
    interactive
      ? 'Keys: f then a, b or c: kill that zone and hold it down   h then a letter: heal it\n' +
        '      d then a letter: move its queues away   u then a letter: let it have queues again   l: logs on or off   q: quit'
      : 'No terminal here: runs until SIGTERM or SIGINT.',
    '',
  ].join('\n')
}

const row = (zone: string, mqtt: string, websocket: string, pid: string | number) =>
  `  ${zone.padEnd(6)} ${mqtt.padEnd(26)} ${websocket.padEnd(29)} ${pid}`.trimEnd()
