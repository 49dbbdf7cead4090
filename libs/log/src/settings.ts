import { readFileSync } from 'node:fs'
import type { Settings, Spec } from '@tern/config'
import type { Clock, Logger } from '@tern/runtime'
import { connectEmbeddedLog } from './embedded/client.ts'
import { connectKafkaLog } from './kafka/connect.ts'
import { type KafkaOptions, type SaslMechanism, saslMechanisms } from './kafka/options.ts'
import { type Log, LogError } from './log.ts'

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
  kafkaPasswordFile: {
    flag: 'kafka-password-file',
    env: 'TERN_KAFKA_PASSWORD_FILE',
    kind: 'text',
    default: '',
    help: 'file that holds the password for Kafka, and perhaps an end of line',
  },
  kafkaPassword: {
    env: 'TERN_KAFKA_PASSWORD',
    kind: 'text',
    default: '',
    help: 'the password for Kafka itself, in place of a file',
  },
  kafkaCreateTopics: {
    flag: 'kafka-create-topics',
    env: 'TERN_KAFKA_CREATE_TOPICS',
    kind: 'switch',
    default: 'true',
    help: 'make topics that are missing; with false they must be there, and what is wrong with them is said',
  },
  allowUnsafeLog: {
    flag: 'allow-unsafe-log',
    env: 'TERN_ALLOW_UNSAFE_LOG',
    kind: 'switch',
    help: 'take a Kafka that can lose what it acknowledged: too few replicas, min.insync.replicas 1, unclean elections, short retention',
  },
} as const satisfies Spec

export type LogSettings = Settings<typeof logSettings>

/** The settings as environment of another process. */
export const logEnvironment = (given: LogSettings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(logSettings).map(([name, { env }]) => [env, String(given[name as keyof LogSettings])]),
  )

/** The log that the settings name; of Kafka, once a node has let the settings in. Rejects with a sentence. */
export async function openLog(given: LogSettings, clock: Clock, logger: Logger): Promise<Log> {
  return given.log === 'kafka' ? connectKafkaLog(kafkaOptionsOf(given, clock, logger)) : connectEmbeddedLog(given.log)
}

/** With which code a service ends that its log will not serve: 2 for what other settings or topics must mend, as for wrong settings. */
export const exitCodeFor = (error: unknown): number =>
  error instanceof LogError && error.failure === 'refused' ? 2 : 1

function kafkaOptionsOf(given: LogSettings, clock: Clock, logger: Logger): KafkaOptions {
  const { kafkaBootstrap: bootstrap, kafkaPrefix: prefix, kafkaSasl, kafkaPasswordFile: file } = given
  const { allowUnsafeLog: allowUnsafe, kafkaCreateTopics: createTopics } = given
  const password = file === '' ? given.kafkaPassword : readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  return {
    ...{ bootstrap, prefix, allowUnsafe, createTopics, clock, logger },
    ...(given.kafkaTls && { tls: given.kafkaCa === '' ? {} : { ca: readFileSync(given.kafkaCa, 'utf8') } }),
    ...(kafkaSasl !== '' && {
      sasl: { mechanism: kafkaSasl as SaslMechanism, username: given.kafkaUser, password },
    }),
  }
}
