import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Log } from '@tern/log'
import { batches, readBody } from '@tern/record'
import kafkajs from 'kafkajs'
import { connectAsync, type MqttClient } from 'mqtt'
import type { Region } from '../support/region.ts'

const { Kafka, logLevel, Partitioners } = kafkajs

/** Another team's clients of the same cluster. */
export const kafkaOf = (bootstrap: string): kafkajs.Kafka =>
  new Kafka({ brokers: bootstrap.split(','), clientId: 'data-team', logLevel: logLevel.NOTHING })

export async function producerOf(
  bootstrap: string,
  config: kafkajs.ProducerConfig = { createPartitioner: Partitioners.DefaultPartitioner },
): Promise<kafkajs.Producer> {
  const producer = kafkaOf(bootstrap).producer(config)
  await producer.connect()
  return producer
}

/** Debian's `kcat`, built on librdkafka; a sentence when it is missing, so that nobody takes its tests for passed. */
export function kcatIsThere(): void {
  if (spawnSync('kcat', ['-V']).error !== undefined) {
    throw new Error('kcat is not installed, so nothing was shown with it; install it (Debian: apt-get install kcat)')
  }
}

export function kcat(bootstrap: string, args: readonly string[], input?: string | Buffer): string {
  kcatIsThere()
  const { status, stdout, stderr } = spawnSync('kcat', ['-q', '-b', bootstrap, ...args], { input, timeout: 30_000 })
  if (status !== 0) throw new Error(`kcat ${args.join(' ')} ended with ${status}: ${stderr}`)
  return stdout.toString()
}

/** One record by a kcat of its own; resolves once it is written. */
export function kcatProduce(bootstrap: string, topic: string, key: string, value: string): Promise<unknown> {
  kcatIsThere()
  const kcat = spawn('kcat', ['-q', '-b', bootstrap, '-P', '-t', topic, '-K:'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  kcat.stdin?.end(`${key}:${value}\n`)
  return once(kcat, 'exit')
}

/** When the log took each payload first, by its clock, which is this machine's. */
export async function appendTimes(log: Log, queues: number): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>()
  for (let queue = 0; queue < queues; queue++) {
    for (let next = 0; ; ) {
      const { batches: bytes } = await log.read('tern.messages', queue, next, 1024 * 1024)
      if (bytes.length === 0) break
      for (const { lastOffset, appendTimeMs, records } of batches(bytes)) {
        next = lastOffset + 1
        for (const { body } of records()) {
          const payload = String(readBody(body, 0, body.length).value)
          times.set(payload, Math.min(appendTimeMs, times.get(payload) ?? appendTimeMs))
        }
      }
    }
  }
  return times
}

export type Listener = Readonly<{
  client: MqttClient
  /** Resolves with the time at which the payload came. */
  arrival(payload: string): Promise<number>
}>

/** An MQTT client at one of the zones. */
export async function listen(region: Region, zone: number, filter: string): Promise<Listener> {
  const client = await connectAsync(`mqtt://${region.addresses[zone]}`, { protocolVersion: 5, connectTimeout: 10_000 })
  const came = new Map<string, number>()
  const waiting = new Map<string, (at: number) => void>()
  client.on('message', (_, payload) => {
    const text = payload.toString()
    const at = Date.now()
    came.set(text, at)
    waiting.get(text)?.(at)
  })
  await client.subscribeAsync(filter, { qos: 1 })
  const arrival = (payload: string) =>
    new Promise<number>((resolve) => {
      const at = came.get(payload)
      if (at === undefined) waiting.set(payload, resolve)
      else resolve(at)
    })
  return { client, arrival }
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN
}
