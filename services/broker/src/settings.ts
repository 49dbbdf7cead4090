import { allowAnonymousSetting, loopbackOnly, type Settings, type Spec } from '@tern/config'
import { checkLogSettings, logSettings } from '@tern/log'
import { metricsSetting } from '@tern/telemetry/node'
import { quotasUnlessTold } from './core/quotas.ts'

/** What whoever runs a broker may say. */
export const settings = {
  zone: { flag: 'zone', env: 'TERN_ZONE', kind: 'text', help: 'the availability zone it stands in' },
  listen: {
    flag: 'listen',
    env: 'TERN_BROKER_LISTEN',
    kind: 'address',
    default: '127.0.0.1:7500',
    min: 0,
    help: 'host:port to serve gRPC on; port 0 takes a free one',
  },
  nameservers: {
    flag: 'nameservers',
    env: 'TERN_NAMESERVERS',
    kind: 'addresses',
    help: 'host:port of every nameserver, with commas',
  },
  ...logSettings,
  sessionsMax: {
    flag: 'sessions-max',
    env: 'TERN_SESSIONS_MAX',
    kind: 'whole',
    default: String(quotasUnlessTold.sessionsMax),
    min: 1,
    help: 'sessions that each queue of the broker is home to; a client beyond that is refused with 0x97, who has a session is not',
  },
  retainedMax: {
    flag: 'retained-max',
    env: 'TERN_RETAINED_MAX',
    kind: 'whole',
    default: String(quotasUnlessTold.retainedMax),
    help: 'topics of each queue that may have a retained message; one of a further topic is refused with 0x97',
  },
  retainedBytesMax: {
    flag: 'retained-bytes-max',
    env: 'TERN_RETAINED_BYTES_MAX',
    kind: 'whole',
    default: String(quotasUnlessTold.retainedBytesMax),
    help: 'bytes of the retained messages of each queue from which on one of a further topic is refused with 0x97',
  },
  groupsMax: {
    flag: 'groups-max',
    env: 'TERN_GROUPS_MAX',
    kind: 'whole',
    default: String(quotasUnlessTold.groupsMax),
    help: 'shared subscriptions (names with their filters) that each queue may have; a further one is refused with 0x97',
  },
  metrics: metricsSetting(9465),
  allowAnonymous: allowAnonymousSetting,
} as const satisfies Spec

/** What no setting can judge alone. */
export function checkSettings(given: Settings<typeof settings>): (string | undefined)[] {
  const { listen, metrics, allowAnonymous } = given
  return [...checkLogSettings(given), ...[listen, ...metrics].map((address) => loopbackOnly(address, allowAnonymous))]
}
