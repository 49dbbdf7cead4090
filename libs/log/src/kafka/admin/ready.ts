import { createLogger, systemClock } from '@tern/runtime'
import type { KafkaOptions } from '../options.ts'
import { reasonOf } from '../wire/failure-chain.ts'
import { withAdmin } from './client.ts'

const lookEveryMs = 250

/**
 * Resolves once the cluster has so many nodes and takes topics with that many replicas; an open port proves nothing. Rejects with
 * what was the matter last when the time is over.
 */
export async function untilKafkaServes(bootstrap: string, nodes: number, withinMs: number): Promise<void> {
  const options = { bootstrap: bootstrap.split(','), clock: systemClock, logger: createLogger() }
  const giveUpAt = systemClock.now() + withinMs
  for (;;) {
    const problem = await problemOf(options, nodes).catch(reasonOf)
    if (problem === undefined) return
    if (systemClock.now() >= giveUpAt) throw new Error(problem)
    await new Promise<void>((resolve) => void setTimeout(resolve, lookEveryMs))
  }
}

const problemOf = (options: KafkaOptions, nodes: number): Promise<string | undefined> =>
  withAdmin(options, async (admin) => {
    const { brokers } = await admin.describeCluster()
    if (brokers.length < nodes) return `${brokers.length} of ${nodes} nodes are there`
    const topics = [{ topic: 'tern.ready', numPartitions: 1, replicationFactor: nodes }]
    await admin.createTopics({ validateOnly: true, waitForLeaders: false, topics })
    return undefined
  })
