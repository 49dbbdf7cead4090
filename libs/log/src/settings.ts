import { existsSync, readFileSync } from 'node:fs'
import type { Settings, Spec } from '@tern/config'
import type { Clock, Logger } from '@tern/runtime'
import { connectEmbeddedLog } from './embedded/client.ts'
import { connectKafkaLog } from './kafka/connect.ts'
import { type KafkaOptions, type SaslMechanism, saslMechanisms } from './kafka/options.ts'
import type { Log } from './log.ts'

/** What whoever runs a service may say about its log. */
export const logSettings = {
  log: { flag: 'log', env: 'TERN_LOG', kind: 'text', help: 'host:port of the embedded log, or the word kafka' },
  kafkaBootstrap: {
    flag: 'kafka-bootstrap',
    env: 'TERN_KAFKA_BOOTSTRAP',
    kind: 'addresses',
    default: '',
    help: 'host:port of Kafka nodes, one in each zone at best',
  },
  kafkaPrefix: {
    flag: 'kafka-prefix',
    env: 'TERN_KAFKA_PREFIX',
    kind: 'text',
    default: '',
    help: "before the names of the region's topics, when regions share a cluster",
  },
  kafkaTls: { flag: 'kafka-tls', env: 'TERN_KAFKA_TLS', kind: 'switch', help: 'TLS to Kafka' },
  kafkaCa: {
    flag: 'kafka-ca',
    env: 'TERN_KAFKA_CA',
    kind: 'text',
    default: '',
    help: "PEM file of the authority that signed Kafka's certificates; empty: those of the system",
  },
  kafkaSasl: {
    flag: 'kafka-sasl',
    env: 'TERN_KAFKA_SASL',
    kind: 'text',
    default: '',
    help: `how to log in to Kafka: ${saslMechanisms.join(', ')}; empty: not at all`,
  },
  kafkaUser: { flag: 'kafka-user', env: 'TERN_KAFKA_USER', kind: 'text', default: '', help: 'user name for Kafka' },
  kafkaPassword: {
    flag: 'kafka-password',
    env: 'TERN_KAFKA_PASSWORD',
    kind: 'text',
    default: '',
    help: 'password for Kafka; better said in the environment, where nobody reads it from the list of processes',
  },
  allowUnsafeLog: {
    flag: 'allow-unsafe-log',
    env: 'TERN_ALLOW_UNSAFE_LOG',
    kind: 'switch',
    help: 'take a Kafka that can lose what it acknowledged: too few replicas, min.insync.replicas 1, unclean elections',
  },
} as const satisfies Spec

export type LogSettings = Settings<typeof logSettings>

/** The settings as environment of another process. */
export const logEnvironment = (given: LogSettings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(logSettings).map(([name, { env }]) => [env, String(given[name as keyof LogSettings])]),
  )

const addressPattern = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+):\d{1,5}$/i

/** What no setting can judge alone. */
export function checkLogSettings(given: LogSettings): (string | undefined)[] {
  const { log, kafkaBootstrap, kafkaTls, kafkaCa, kafkaSasl, kafkaUser, kafkaPassword } = given
  if (log !== 'kafka') {
    return [
      addressPattern.test(log) ? undefined : `--log is "${log}"; give host:port of the embedded log, or kafka`,
      kafkaBootstrap.length > 0 ? '--kafka-bootstrap is given, but not --log kafka; give both' : undefined,
    ]
  }
  const knownSasl = kafkaSasl === '' || saslMechanisms.some((each) => each === kafkaSasl)
  return [
    kafkaBootstrap.length === 0
      ? '--log kafka needs --kafka-bootstrap; give host:port of some of its nodes'
      : undefined,
    kafkaCa !== '' && !existsSync(kafkaCa) ? `--kafka-ca is "${kafkaCa}", and no such file is there` : undefined,
    kafkaCa !== '' && !kafkaTls ? '--kafka-ca is given, but not --kafka-tls; give both' : undefined,
    knownSasl ? undefined : `--kafka-sasl is "${kafkaSasl}"; give ${saslMechanisms.join(', ')}`,
    kafkaSasl !== '' && (kafkaUser === '' || kafkaPassword === '')
      ? '--kafka-sasl needs --kafka-user and --kafka-password (or TERN_KAFKA_PASSWORD)'
      : undefined,
    kafkaSasl === 'PLAIN' && !kafkaTls && !given.allowUnsafeLog
      ? '--kafka-sasl PLAIN without --kafka-tls sends the password in the clear; give --kafka-tls, or --allow-unsafe-log'
      : undefined,
  ]
}

/** The log that the settings name; connected when it is first asked. */
export async function openLog(given: LogSettings, clock: Clock, logger: Logger): Promise<Log> {
  return given.log === 'kafka' ? connectKafkaLog(kafkaOptionsOf(given, clock, logger)) : connectEmbeddedLog(given.log)
}

function kafkaOptionsOf(given: LogSettings, clock: Clock, logger: Logger): KafkaOptions {
  const { kafkaBootstrap: bootstrap, kafkaPrefix: prefix, kafkaSasl, allowUnsafeLog: allowUnsafe } = given
  return {
    ...{ bootstrap, prefix, allowUnsafe, clock, logger },
    ...(given.kafkaTls && { tls: given.kafkaCa === '' ? {} : { ca: readFileSync(given.kafkaCa, 'utf8') } }),
    ...(kafkaSasl !== '' && {
      sasl: { mechanism: kafkaSasl as SaslMechanism, username: given.kafkaUser, password: given.kafkaPassword },
    }),
  }
}
