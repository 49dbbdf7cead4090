import type { Admin } from 'kafkajs'
import { LogError, type TopicSpec } from '../../log.ts'
import type { KafkaOptions } from '../options.ts'
import { reach } from '../reach.ts'
import { reasonOf } from '../wire/failure-chain.ts'
import { settingsOf, withAdmin } from './client.ts'
import { deniedOf } from './denied.ts'
import {
  contradictions,
  missing,
  type NamedSpec,
  replicasWanted,
  settingsFor,
  shortcomings,
  type TopicFacts,
} from './promise.ts'

/** A node that has just stopped is still named as the one to ask; the others notice within seconds. */
const triesMax = 4

/** Makes the topics that are missing, and refuses those that cannot keep what the log promises. */
export async function provision(options: KafkaOptions, topics: readonly TopicSpec[]): Promise<void> {
  const specs = topics.map((spec) => ({ ...spec, topic: `${options.prefix ?? ''}${spec.topic}` }))
  for (let tries = 1; ; tries++) {
    try {
      // Nodes that answer come first: they are asked in this order.
      const bootstrap = await reach(options)
      await withAdmin({ ...options, bootstrap }, async (admin) => {
        await createMissing(admin, options, specs)
        check(options, specs, await factsOf(admin, specs))
      })
      return
    } catch (error) {
      if (error instanceof LogError) throw error
      const denied = deniedOf(error, options)
      if (denied !== undefined) throw new LogError('refused', denied)
      if (tries === triesMax)
        throw new LogError('unknown', `Kafka could not be asked for its topics: ${reasonOf(error)}`)
      options.logger.warn('Kafka could not be asked for its topics yet', { because: reasonOf(error) })
    }
  }
}

async function createMissing(admin: Admin, options: KafkaOptions, specs: readonly NamedSpec[]): Promise<void> {
  const there = new Set(await admin.listTopics())
  const absent = specs.filter(({ topic }) => !there.has(topic))
  if (absent.length === 0) return
  if (options.createTopics === false) throw new LogError('refused', absent.map(missing).join('; '))
  const { brokers } = await admin.describeCluster()
  const replicas = Math.min(replicasWanted, brokers.length)
  if (replicas < replicasWanted && !options.allowUnsafe) {
    throw new LogError(
      'refused',
      `each topic needs ${replicasWanted} replicas and Kafka has ${brokers.length} nodes now; start more, or say --allow-unsafe-log`,
    )
  }
  await admin.createTopics({
    waitForLeaders: true,
    topics: absent.map((spec) => ({
      topic: spec.topic,
      numPartitions: spec.partitions,
      replicationFactor: replicas,
      configEntries: Object.entries(settingsFor(spec, replicas)).map(([name, value]) => ({ name, value })),
    })),
  })
}

async function factsOf(admin: Admin, specs: readonly NamedSpec[]): Promise<TopicFacts[]> {
  const names = specs.map(({ topic }) => topic)
  const [{ topics }, settings] = await Promise.all([
    admin.fetchTopicMetadata({ topics: names }),
    settingsOf(admin, names),
  ])
  return topics.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions.length,
    replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    settings: settings.get(name) ?? new Map(),
  }))
}

function check(options: KafkaOptions, specs: readonly NamedSpec[], facts: readonly TopicFacts[]): void {
  const wrong: string[] = []
  const unsafe: string[] = []
  for (const spec of specs) {
    const known = facts.find(({ topic }) => topic === spec.topic)
    if (known === undefined) continue
    wrong.push(...contradictions(spec, known))
    unsafe.push(...shortcomings(spec, known))
  }
  if (wrong.length > 0) throw new LogError('refused', wrong.join('; '))
  if (unsafe.length === 0) return
  if (!options.allowUnsafe) throw new LogError('refused', `${unsafe.join('; ')} (or say --allow-unsafe-log)`)
  options.logger.warn('the log cannot keep its promise', { because: unsafe.join('; ') })
}
