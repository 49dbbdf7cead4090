import kafkajs, { type Admin, type KafkaConfig } from 'kafkajs'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import type { KafkaOptions } from '../options.ts'
import { seedsOf } from './seeds.ts'

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs

/**
 * kafkajs 2.2.4 sets a timer for each connection a thousand times a second for ever, also when nothing waits: 6 % of a core.
 * (Reported upstream, and not mended since 2022.) Without anything pending there is nothing to look at.
 */
function quietTimers(): void {
  const { prototype } = RequestQueue
  const schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function (this: typeof prototype) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this)
  }
}

let quiet = false

/** Administration: connected for the time of one task. */
export async function withAdmin<Result>(
  options: KafkaOptions,
  task: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  if (!quiet) quietTimers()
  quiet = true
  const admin = new Kafka(configOf(options)).admin()
  try {
    await admin.connect()
    return await task(admin)
  } finally {
    await admin.disconnect().catch(() => {})
  }
}

function configOf({ bootstrap, tls, sasl }: KafkaOptions): KafkaConfig {
  return {
    clientId: 'ternmq',
    ...seedsOf(bootstrap),
    connectionTimeout: 2_000,
    requestTimeout: 5_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 8 },
    logLevel: logLevel.NOTHING,
    // Of two requests at once both would log in again, which Kafka refuses; a task is over before its login is.
    reauthenticationThreshold: 1_000,
    ...(tls && { ssl: tls }),
    ...(sasl && { sasl: saslOf(sasl) }),
  }
}

function saslOf({ mechanism, ...login }: NonNullable<KafkaOptions['sasl']>): NonNullable<KafkaConfig['sasl']> {
  switch (mechanism) {
    case 'PLAIN':
      return { mechanism: 'plain', ...login }
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', ...login }
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', ...login }
  }
}

/** Settings of topics in force, by topic and name. */
export async function settingsOf(admin: Admin, topics: readonly string[]): Promise<Map<string, Map<string, string>>> {
  const resources = topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name }))
  const answer = await admin.describeConfigs({ resources, includeSynonyms: false })
  return new Map(
    answer.resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  )
}
