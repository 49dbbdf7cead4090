import type { Log } from '../log.ts'
import type { KafkaOptions } from './options.ts'

/** The clients of Kafka are loaded only by those who use it: they take a second and 50 MB. */
export async function connectKafkaLog(options: KafkaOptions): Promise<Log> {
  const { kafkaLog } = await import('./kafka-log.ts')
  return kafkaLog(options)
}

/** Resolves once the cluster takes topics with replicas on so many nodes; rejects with what is the matter after the time. */
export async function untilKafkaServes(bootstrap: string, nodes: number, withinMs: number): Promise<void> {
  const ready = await import('./admin/ready.ts')
  await ready.untilKafkaServes(bootstrap, nodes, withinMs)
}
