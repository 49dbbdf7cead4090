import { randomUUID } from 'node:crypto'
import { readSettings } from '@tern/config'
import { type LogSettings, logSettings, ternTopics, untilKafkaServes } from '@tern/log'
import kafkajs from 'kafkajs'
import { expect, inject } from 'vitest'

const { Kafka, logLevel } = kafkajs

/** A region on the cluster, with topics of its own. */
export function kafkaSettings(bootstrap: string, more: readonly string[] = []): LogSettings {
  const argv = ['--log', 'kafka', '--kafka-bootstrap', bootstrap, '--kafka-prefix', `${randomUUID().slice(0, 8)}.`]
  const { settings, problems } = readSettings(logSettings, [...argv, ...more], {})
  if (settings === undefined) throw new Error(problems.join('; '))
  return settings
}

/** Resolves once all nodes are there: an earlier test may have left one that is just coming back. */
export const untilKafkaIsWhole = (): Promise<void> => untilKafkaServes(inject('kafkaBootstrap'), 3, 60_000)

/** Resolves once every replica of the region's topics is in sync again: then the next node may die. */
export async function untilInSync({ kafkaBootstrap, kafkaPrefix }: LogSettings, withinMs: number): Promise<void> {
  const topics = ternTopics(1).map(({ topic }) => `${kafkaPrefix}${topic}`)
  const admin = new Kafka({ brokers: [...kafkaBootstrap], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const lagging = async () => {
    const { topics: found } = await admin.fetchTopicMetadata({ topics })
    return found.flatMap(({ partitions }) => partitions).filter(({ isr, replicas }) => isr.length < replicas.length)
  }
  await expect.poll(lagging, { timeout: withinMs, interval: 200 }).toEqual([])
  await admin.disconnect()
}
