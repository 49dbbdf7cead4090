import type { Log } from '@tern/log'
import { envelope } from '@tern/proto'
import { encodeBatch, encodeBody, encodeEnvelope } from '@tern/record'
import { partitionOf } from '@tern/routing'

/** What is looked for stands among the others so rarely. */
export const rare = { topic: 'bench/rare/needle', client: 'rare-device', everyMessages: 2_500_000 } as const
const topics = 5_000
const batchRecords = 1_000
const payload = Buffer.from('{"t":21.5,"h":40}')

function recordOf(topic: string, clientId: string): Buffer {
  const written = envelope.Envelope.create({ clientId, qos: 1, receiveTimeMs: Date.now() })
  return encodeBody(Buffer.from(topic), payload, [['tern', encodeEnvelope(written)]])
}

/** Appends small messages to all queues, as batches: through MQTT it would take minutes. Gives the ids of the rare ones' topics. */
export async function fill(log: Log, queues: number, messages: number, told: (done: number) => void): Promise<void> {
  const bodies = Array.from({ length: topics }, (_, i) => recordOf(`bench/fleet/car-${i}/gps`, `car-${i}`))
  const byQueue = Map.groupBy(bodies.keys(), (i) => partitionOf(`bench/fleet/car-${i}/gps`, queues))
  const rareQueue = partitionOf(rare.topic, queues)
  const every = Math.min(rare.everyMessages, Math.max(1, Math.floor(messages / 4)))
  let written = 0
  const fillQueue = async (queue: number, share: number) => {
    const own = byQueue.get(queue) ?? []
    for (let done = 0; done < share; ) {
      const count = Math.min(batchRecords, share - done)
      const batch = Array.from({ length: count }, (_, i) => bodies[own[(done + i) % own.length] as number] as Buffer)
      // The first of every so many, so that most of the log lies between the newest one and the end.
      const isDue = queue === rareQueue && (done * queues) % every < batchRecords * queues
      if (isDue) batch[0] = recordOf(rare.topic, rare.client)
      await log.append('tern.messages', queue, encodeBatch(batch))
      done += count
      written += count
      if (Math.floor(written / 1_000_000) > Math.floor((written - count) / 1_000_000)) told(written)
    }
  }
  await Promise.all(Array.from({ length: queues }, (_, queue) => fillQueue(queue, Math.ceil(messages / queues))))
}
