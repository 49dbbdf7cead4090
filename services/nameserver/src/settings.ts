import { allowAnonymousSetting, loopbackOnly, type Settings, type Spec } from '@tern/config'
import { checkLogSettings, logSettings } from '@tern/log'
import { metricsSetting } from '@tern/telemetry/node'
import type { NameserverConfig } from './config.ts'

/** What whoever runs a nameserver may say. */
export const settings = {
  zone: { flag: 'zone', env: 'TERN_ZONE', kind: 'text', help: 'the availability zone it stands in' },
  name: {
    flag: 'name',
    env: 'TERN_NAMESERVER_NAME',
    kind: 'text',
    default: '',
    help: 'unique in the region and the same after a restart; empty: the name of the zone',
  },
  listen: {
    flag: 'listen',
    env: 'TERN_NAMESERVER_LISTEN',
    kind: 'address',
    default: '127.0.0.1:7400',
    min: 0,
    help: 'host:port to serve gRPC on; port 0 takes a free one',
  },
  peers: {
    flag: 'peers',
    env: 'TERN_NAMESERVER_PEERS',
    kind: 'addresses',
    default: '',
    help: 'host:port of every other nameserver, with commas',
  },
  ...logSettings,
  queues: {
    flag: 'queues',
    env: 'TERN_QUEUES',
    kind: 'whole',
    default: '12',
    min: 1,
    max: 10_000,
    help: 'queues of a region that starts for the first time; never changes after that',
  },
  movesMax: {
    flag: 'moves',
    env: 'TERN_NAMESERVER_MOVES',
    kind: 'whole',
    default: '4',
    min: 1,
    max: 10_000,
    help: 'queues that move at once, twice a second, when a broker is back',
  },
  metrics: metricsSetting(9466),
  allowAnonymous: allowAnonymousSetting,
} as const satisfies Spec

type NameserverSettings = Settings<typeof settings>

/** What no setting can judge alone. */
export function checkSettings(given: NameserverSettings): (string | undefined)[] {
  const { listen, peers, metrics, allowAnonymous } = given
  return [
    ...checkLogSettings(given),
    ...[listen, ...metrics].map((address) => loopbackOnly(address, allowAnonymous)),
    peers.includes(listen)
      ? `--peers names ${listen}, which is this nameserver itself; give only the others`
      : undefined,
  ]
}

export function configOf(given: NameserverSettings, nonce: string): NameserverConfig {
  const { zone, name, listen, peers, queues, movesMax } = given
  return { zone, name: name === '' ? zone : name, nonce, listen, peers, queues, movesMax }
}
