import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { connectKafkaLog, ternTopics } from '@tern/log'
import { createLogger, systemClock } from '@tern/runtime'
import kafkajs from 'kafkajs'
import { startKafkaNodes } from '../kafka-nodes.ts'
import { cpuSecondsOf } from '../processes.ts'
import { report, type Sheet } from '../report.ts'
import type { Target } from './contender.ts'
import { contenders } from './contenders.ts'
import type { SenderResult, SenderTask } from './sender-process.ts'

export type ClientsOptions = Readonly<{
  clients: readonly string[]
  rounds: number
  seconds: number
  warmSeconds: number
  added: boolean
}>

type Row = Readonly<{
  recordsPerBatch: number
  client: string
  messagesPerSecond: number
  clientMicros: number
  kafkaMicros: number
  p50Ms: number
  p99Ms: number
}>

const sheet: Sheet<Row> = {
  file: 'clients.json',
  names: [
    { title: 'records a batch', of: 'recordsPerBatch' },
    { title: 'client', of: 'client' },
  ],
  figures: [
    { title: 'messages/s', of: 'messagesPerSecond' },
    { title: 'CPU µs per message, client', of: 'clientMicros' },
    { title: 'the three nodes', of: 'kafkaMicros' },
    { title: 'p50 ms of a request', of: 'p50Ms' },
    { title: 'p99 ms', of: 'p99Ms' },
  ],
}

const partitions = 12
const batchSizes = [8, 64, 256]
/** Of each client in each measurement, before it counts. */
const ownWarmSeconds = 2

/** Clients of Kafka beside each other on the region's own topic, in alternating rounds. */
export async function runClients(options: ClientsOptions): Promise<void> {
  const clients = options.clients.length === 0 ? Object.keys(contenders) : options.clients
  const nodes = await startKafkaNodes()
  const rows: Row[] = []
  try {
    const target: Target = { bootstrap: nodes.bootstrap, prefix: 'bench.', topic: 'bench.tern.messages' }
    const leaders = await provisioned(target)
    const measure = (client: string, recordsPerBatch: number, seconds: number, warmSeconds: number) =>
      measured({ client, target, leaders, recordsPerBatch, seconds, warmSeconds }, nodes.pids)
    // The nodes' own programs are compiled while they work: the first minute says nothing of the later ones.
    const share = options.warmSeconds / clients.length
    for (const client of clients) await measure(client, 8, 0, share)
    for (let round = 0; round < options.rounds; round++) {
      for (const recordsPerBatch of batchSizes) {
        for (const client of clients) {
          rows.push(await measure(client, recordsPerBatch, options.seconds, ownWarmSeconds))
        }
      }
    }
  } finally {
    await nodes.stop()
  }
  report(sheet, rows, options.added)
}

/** Makes the topic as the region would, and tells which partitions each node leads. */
async function provisioned({ bootstrap, prefix, topic }: Target): Promise<number[][]> {
  const log = await connectKafkaLog({ bootstrap, prefix, clock: systemClock, logger: createLogger(() => {}) })
  await log.provision(ternTopics(partitions))
  await log.close()
  const admin = new kafkajs.Kafka({ brokers: [...bootstrap], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  await admin.disconnect()
  const byLeader = Map.groupBy(topics[0]?.partitions ?? [], ({ leader }) => leader)
  return [...byLeader.values()].map((led) => led.map(({ partitionId }) => partitionId))
}

async function measured(task: SenderTask, nodePids: readonly number[]): Promise<Row> {
  const child = fork(join(import.meta.dirname, 'sender-process.ts'), [JSON.stringify(task)])
  let before = 0
  child.on('message', (message: 'measuring' | SenderResult) => {
    if (message === 'measuring') before = cpuSecondsOf(nodePids)
  })
  const result = await resultOf(task.client, child)
  const kafkaSeconds = cpuSecondsOf(nodePids) - before
  await new Promise((resolve) => child.once('exit', resolve))
  const records = Math.max(1, result.records)
  return {
    ...{ client: task.client, recordsPerBatch: task.recordsPerBatch },
    messagesPerSecond: result.records / result.seconds,
    clientMicros: (result.cpuSeconds * 1e6) / records,
    kafkaMicros: (kafkaSeconds * 1e6) / records,
    ...{ p50Ms: result.p50Ms, p99Ms: result.p99Ms },
  }
}

function resultOf(client: string, child: ChildProcess): Promise<SenderResult> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: 'measuring' | SenderResult) => {
      if (message !== 'measuring') resolve(message)
    })
    child.once('exit', (code) => reject(new Error(`${client} ended with code ${code}`)))
  })
}
