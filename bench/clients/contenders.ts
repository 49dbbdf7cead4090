import { ProduceAcks, Producer } from '@platformatic/kafka'
import { connectKafkaLog } from '@tern/log'
import { encodeBatch, encodeBody } from '@tern/record'
import { createLogger, systemClock } from '@tern/runtime'
import { createKafkaClient } from 'kafka-ts'
import kafkajs from 'kafkajs'
import { type Contender, headerName, type Target, type Wanted } from './contender.ts'

const clientId = 'bench'
const acksAll = -1

const batchOf = (records: readonly Wanted[]): Buffer =>
  encodeBatch(records.map(({ key, value, header }) => encodeBody(key, value, [[headerName, header]])))

const logOn = ({ bootstrap, prefix }: Target) =>
  connectKafkaLog({ bootstrap, prefix, gatherMs: 0, clock: systemClock, logger: createLogger(() => {}) })

/** What the region uses: libs/log's requests on a Connection of @platformatic/kafka, records encoded by libs/record. */
const ours: Contender = async (target) => {
  const log = await logOn(target)
  return {
    send: ({ partitions, records }) =>
      Promise.all(partitions.map((partition) => log.append('tern.messages', partition, batchOf(records)))),
    close: () => log.close(),
  }
}

/** The same without the encoding: what is left is the way to Kafka alone. */
const readyMade: Contender = async (target) => {
  const log = await logOn(target)
  const made = new Map<number, Buffer>()
  return {
    send({ partitions, records }) {
      const batch = made.get(records.length) ?? batchOf(records)
      made.set(records.length, batch)
      return Promise.all(partitions.map((partition) => log.append('tern.messages', partition, batch)))
    },
    close: () => log.close(),
  }
}

const platformatic: Contender = async ({ bootstrap, topic }) => {
  const producer = new Producer({ clientId, bootstrapBrokers: [...bootstrap] })
  return {
    send: ({ partitions, records }) =>
      producer.send({
        acks: ProduceAcks.ALL,
        messages: partitions.flatMap((partition) =>
          records.map(({ key, value, header }) => {
            return { topic, partition, key, value, headers: new Map([[Buffer.from(headerName), header]]) }
          }),
        ),
      }),
    close: () => producer.close(),
  }
}

const kafkaJs: Contender = async ({ bootstrap, topic }) => {
  const kafka = new kafkajs.Kafka({ clientId, brokers: [...bootstrap], logLevel: kafkajs.logLevel.NOTHING })
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  return {
    send({ partitions, records }) {
      const messages = partitions.flatMap((partition) =>
        records.map(({ key, value, header }) => ({ partition, key, value, headers: { [headerName]: header } })),
      )
      return producer.sendBatch({ acks: acksAll, topicMessages: [{ topic, messages }] })
    },
    close: () => producer.disconnect(),
  }
}

/** Takes text only, always acks=all with sequence numbers. */
const kafkaTs: Contender = async ({ bootstrap, topic }) => {
  const bootstrapServers = bootstrap.map((address) => {
    const [host = '', port] = address.split(':')
    return { host, port: Number(port) }
  })
  const producer = createKafkaClient({ clientId, bootstrapServers }).createProducer({ maxBatchSize: 10_000 })
  return {
    send: ({ partitions, records }) =>
      producer.send(
        partitions.flatMap((partition) =>
          records.map(({ key, value, header }) => ({
            ...{ topic, partition, key: key.toString('latin1'), value: value.toString('latin1') },
            headers: { [headerName]: header.toString('latin1') },
          })),
        ),
      ),
    close: () => producer.close(),
  }
}

export const contenders: Readonly<Record<string, Contender>> = {
  'TernMQ: own requests over Connection': ours,
  'the same, batches ready-made': readyMade,
  '@platformatic/kafka Producer': platformatic,
  'kafka-ts': kafkaTs,
  kafkajs: kafkaJs,
}
