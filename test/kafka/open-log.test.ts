import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { type Log, openLog } from '@tern/log'
import { decodeEnvelope } from '@tern/record'
import { partitionOf } from '@tern/routing'
import { silentLogger, systemClock } from '@tern/runtime'
import kafkajs from 'kafkajs'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'
import { kafkaSettings } from './kafka-settings.ts'
import {
  appendTimes,
  kafkaOf,
  kcat,
  kcatIsThere,
  kcatProduce,
  listen,
  producerOf,
  quantile,
} from './open-log.fixture.ts'

const bootstrap = inject('kafkaBootstrap')
const settings = kafkaSettings(bootstrap)
const topic = `${settings.kafkaPrefix}tern.messages`
const queues = 12
const samples = 100
const warmUp = 20
/** Of the median: the goal is 100 ms on a quiet machine, and whoever asks only now and then takes seconds. */
const withinMs = 1_000
const background = { topics: 24, everyMs: 20 }

let region: Region
let log: Log

beforeAll(async () => {
  region = await startRegion(settings)
  log = await openLog(settings, systemClock, silentLogger)
}, 120_000)
afterAll(async () => {
  await log?.close()
  await region?.stop()
})

const publisher = (clientId: string) =>
  connectAsync(`mqtt://${region.addresses[0]}`, { protocolVersion: 5, clientId, connectTimeout: 10_000 })

test('a consumer of kafkajs reads what a device published: key, payload and envelope', async () => {
  const consumer = kafkaOf(bootstrap).consumer({ groupId: `g-${settings.kafkaPrefix}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const read = new Promise<kafkajs.EachMessagePayload>((resolve) => {
    const eachMessage = async (each: kafkajs.EachMessagePayload) => {
      if (each.message.key?.toString() === 'site/7/temperature') resolve(each)
    }
    void consumer.run({ eachMessage })
  })
  const device = await publisher('sensor-7')
  const properties = { contentType: 'text/plain', userProperties: { unit: 'C' }, messageExpiryInterval: 3_600 }
  await device.publishAsync('site/7/temperature', '21.5', { qos: 1, properties })
  const { message, partition } = await read
  expect(message.value?.toString()).toBe('21.5')
  expect(partition).toBe(partitionOf('site/7/temperature', queues))
  expect(Object.keys(message.headers ?? {})).toEqual(['tern'])
  expect(decodeEnvelope(message.headers?.['tern'] as Buffer)).toMatchObject({
    clientId: 'sensor-7',
    qos: 1,
    retain: false,
    contentType: 'text/plain',
    messageExpirySeconds: 3_600,
    userProperties: [{ name: 'unit', value: 'C' }],
  })
  await Promise.all([consumer.disconnect(), device.endAsync()])
})

test('kcat shows what a device published', async () => {
  const device = await publisher('sensor-8')
  await device.publishAsync('site/8/temperature', '22.5', { qos: 1 })
  await device.endAsync()
  const lines = kcat(bootstrap, ['-C', '-t', topic, '-o', 'beginning', '-e', '-f', '%k|%s|%S\\n']).split('\n')
  expect(lines).toContain('site/8/temperature|22.5|4')
})

/** The shell blocks of the page for a data team, on this cluster and these topics. */
function commandsOfThePage(): string[] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/open-log.md'), 'utf8')
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, command = '']) => command.trim())
  return blocks.map((command) => command.replaceAll('127.0.0.1:19091', bootstrap).replaceAll('tern.messages', topic))
}

test('the commands of docs/open-log.md do what the page says', async () => {
  kcatIsThere()
  const setpoints = await listen(region, 2, 'site/7/setpoint')
  const [read = '', ...writes] = commandsOfThePage()
  expect(writes.length).toBe(2)
  for (const command of writes) execFileSync('bash', ['-c', command])
  await Promise.all(['21.5', '22'].map((payload) => setpoints.arrival(payload)))
  expect(execFileSync('bash', ['-c', read]).toString()).toMatch(/^\d{13} \d+\/\d+ site\/7\/setpoint: 22$/m)
  await setpoints.client.endAsync()
})

/** Many topics, so that many queues are reached, half of them in the wrong zone. */
const topicOf = (i: number) => `open/${i % 37}`

type Produce = (topic: string, payload: string) => Promise<unknown>

/** Milliseconds from the append of each record until a subscriber and the group's member have it. */
async function latencies(name: string, produce: Produce): Promise<number[]> {
  const plain = await listen(region, 1, `open/+`)
  const members = [await listen(region, 2, `$share/${name}/open/+`), await listen(region, 0, `$share/${name}/open/+`)]
  const arrivals = new Map<string, number>()
  for (let i = -warmUp; i < samples; i++) {
    // Out of step with anything that looks now and then.
    await after(5 + (Math.abs(i * 37) % 50))
    const payload = `${name}-${i}`
    const member = Promise.race(members.map((each) => each.arrival(payload)))
    const [, ...times] = await Promise.all([produce(topicOf(Math.abs(i)), payload), plain.arrival(payload), member])
    if (i >= 0) arrivals.set(payload, Math.max(...times))
  }
  await Promise.all([plain, ...members].map(({ client }) => client.endAsync()))
  const appended = await appendTimes(log, queues)
  return [...arrivals].map(([payload, at]) => at - (appended.get(payload) ?? Number.NaN))
}

function report(name: string, taken: readonly number[]): void {
  const [p50, p99, max] = [quantile(taken, 0.5), quantile(taken, 0.99), Math.max(...taken)].map((ms) => ms.toFixed(1))
  process.stderr.write(`${name}: ${taken.length} records reached MQTT after p50 ${p50}, p99 ${p99}, max ${max} ms\n`)
}

/** Devices that publish all the time: owners of busy queues do not wait for others. */
async function withDevices<Result>(task: () => Promise<Result>): Promise<Result> {
  const device = await publisher('background')
  let running = true
  const publishing = Array.from({ length: background.topics }, async (_, i) => {
    while (running) {
      await device.publishAsync(`background/${i}`, 'x', { qos: 1 })
      await after(background.everyMs)
    }
  })
  try {
    return await task()
  } finally {
    running = false
    await Promise.all(publishing)
    await device.endAsync()
  }
}

const elsewhere: kafkajs.ICustomPartitioner = () => {
  let turn = 0
  return ({ partitionMetadata }) => turn++ % partitionMetadata.length
}

async function withKafkajs(name: string, createPartitioner: kafkajs.ICustomPartitioner): Promise<number[]> {
  const producer = await producerOf(bootstrap, { createPartitioner })
  const produce: Produce = (key, value) => producer.send({ topic, acks: -1, messages: [{ key, value }] })
  const taken = await latencies(name, produce)
  await producer.disconnect()
  return taken
}

const withKcat = (name: string): Promise<number[]> =>
  latencies(name, (key, value) => kcatProduce(bootstrap, topic, key, value))

const { DefaultPartitioner } = kafkajs.Partitioners
const producers: [string, (name: string) => Promise<number[]>][] = [
  ['kafkajs', (name) => withKafkajs(name, DefaultPartitioner)],
  ['kafkajs-round-robin', (name) => withKafkajs(name, elsewhere)],
  ['kcat', withKcat],
]

test.each(producers)('records of %s reach subscribers and groups soon', async (name, produce) => {
  const idle = await produce(name)
  report(`${name}, idle region`, idle)
  const loaded = await withDevices(() => produce(`${name}-loaded`))
  report(`${name}, devices publish`, loaded)
  expect(quantile(idle, 0.5)).toBeLessThan(withinMs)
  expect(quantile(loaded, 0.5)).toBeLessThan(withinMs)
})
