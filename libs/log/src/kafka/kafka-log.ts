import type { Log } from '../log.ts'
import { provision } from './admin/provision.ts'
import { Appender } from './appender.ts'
import { ClusterView } from './cluster-view.ts'
import type { KafkaOptions } from './options.ts'
import { Questions } from './questions.ts'
import { reach } from './reach.ts'
import { Tail } from './tail.ts'
import { Watch } from './watch.ts'

/** Apache Kafka, 3.7 or newer, behind the log port, once a node has let the options in. */
export async function kafkaLog(options: KafkaOptions): Promise<Log> {
  await reach(options)
  const view = new ClusterView(options)
  const appender = new Appender(options, view)
  const questions = new Questions(options, view)
  const tails = new Set<Tail>()
  const watches = new Set<Watch>()
  const named = (topic: string) => `${options.prefix ?? ''}${topic}`
  return {
    provision: (topics) => provision(options, topics),
    append: (topic, partition, batch) => appender.append(named(topic), partition, batch),
    read: (topic, partition, from, bytesMax) => questions.read(named(topic), partition, from, bytesMax),
    offsets: (topic, partitions) => questions.offsets(named(topic), partitions),
    tail(topic, partition, from, deliver) {
      const tail = new Tail(options, view, questions, { topic: named(topic), partition, from, deliver })
      tails.add(tail)
      return {
        cancel() {
          tails.delete(tail)
          tail.cancel()
        },
      }
    },
    watch(topic, offsets, grown) {
      const watch = new Watch(options, view, { topic: named(topic), offsets, grown })
      watches.add(watch)
      return {
        cancel() {
          watches.delete(watch)
          watch.cancel()
        },
      }
    },
    offsetAt: (topic, partition, timeMs) => questions.offsetAt(named(topic), partition, timeMs),
    trim: (topic, partition, before) => questions.trim(named(topic), partition, before),
    leaderZones: (topic) => view.leaderZones(named(topic)),
    async close() {
      for (const each of [...tails, ...watches]) each.cancel()
      appender.close()
      questions.close()
      view.close()
    },
  }
}
