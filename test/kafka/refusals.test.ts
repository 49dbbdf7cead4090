import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectKafkaLog, type TopicName, ternTopics } from '@tern/log'
import { createLogger, systemClock } from '@tern/runtime'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { freePorts } from '../../tools/region/ports.ts'
import { runService } from '../support/service.ts'

const bootstrap = inject('kafkaBootstrap')
const { ConfigResourceTypes, ConfigSource } = kafkajs
const admin = new kafkajs.Kafka({ brokers: bootstrap.split(','), logLevel: kafkajs.logLevel.NOTHING }).admin()
const queues = 2
/** The settings with which each topic is made. */
const rightSettings = new Map<TopicName, Record<string, string>>()

beforeAll(async () => {
  await admin.connect()
  const prefix = `${randomUUID().slice(0, 8)}.`
  await provision(prefix)
  for (const { topic } of ternTopics(queues)) {
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: `${prefix}${topic}` }]
    const answer = await admin.describeConfigs({ resources, includeSynonyms: false })
    const entries = answer.resources[0]?.configEntries ?? []
    const own = entries.filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG)
    rightSettings.set(topic, Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue])))
  }
})
afterAll(() => admin.disconnect())

/** Topics as they are made, but for one of them; under a prefix of their own, which is returned. */
async function topicsBut(
  odd: string,
  { settings = {}, ...topic }: Readonly<{ numPartitions?: number; replicationFactor?: number; settings?: object }>,
  queuesThere = queues,
): Promise<string> {
  const prefix = `${randomUUID().slice(0, 8)}.`
  const topics = ternTopics(queuesThere).map((spec) => {
    const isOdd = spec.topic === odd
    const all = { ...rightSettings.get(spec.topic), ...(isOdd && settings) }
    const configEntries = Object.entries(all).map(([name, value]) => ({ name, value: String(value) }))
    const made = { numPartitions: spec.partitions, replicationFactor: 3, configEntries }
    return { topic: `${prefix}${spec.topic}`, ...made, ...(isOdd && topic) }
  })
  await admin.createTopics({ topics, waitForLeaders: true })
  return prefix
}

async function provision(prefix: string, more: Readonly<{ allowUnsafe?: boolean; createTopics?: boolean }> = {}) {
  const warnings: string[] = []
  const logger = createLogger((line) => void warnings.push(line))
  const options = { bootstrap: bootstrap.split(','), prefix, clock: systemClock, logger, ...more }
  const log = await connectKafkaLog(options)
  await log.provision(ternTopics(queues)).finally(() => log.close())
  return warnings
}

const refusal = (sentence: string) => ({ failure: 'refused', message: expect.stringContaining(sentence) })

describe('a topic that cannot keep the promise is refused, and with --allow-unsafe-log only warned of', () => {
  test.each([
    ['tern.messages', { replicationFactor: 1 }, 'it has 1 replica, so'],
    ['tern.messages', { settings: { 'min.insync.replicas': 1 } }, 'min.insync.replicas is 1, so'],
    [
      'tern.state',
      { settings: { 'unclean.leader.election.enable': true } },
      'unclean.leader.election.enable is true, so',
    ],
    ['tern.messages', { settings: { 'retention.ms': 60_000 } }, 'retention.ms is 60000, so'],
    ['tern.control', { settings: { 'retention.ms': 259_200_000 } }, 'retention.ms is 259200000, so'],
  ])('%s with %j', async (topic, fault, sentence) => {
    const prefix = await topicsBut(topic, fault)
    await expect(provision(prefix)).rejects.toMatchObject(refusal(`${prefix}${topic}: ${sentence}`))
    const [warning = '', ...others] = await provision(prefix, { allowUnsafe: true })
    expect(warning).toContain(sentence)
    expect(others).toEqual([])
  })
})

describe('a topic that is another than the region thinks is refused, whatever is allowed', () => {
  test.each([
    ['tern.messages', { numPartitions: 1 }, "tern.messages has 1 partition and the region's --queues ask for 2"],
    ['tern.messages', { numPartitions: 3 }, "tern.messages has 3 partitions and the region's --queues ask for 2"],
    ['tern.state', { settings: { 'cleanup.policy': 'delete' } }, 'cleanup.policy is delete; set it to compact'],
    ['tern.state', { settings: { 'message.timestamp.type': 'CreateTime' } }, 'set it to LogAppendTime'],
  ])('%s with %j', async (topic, fault, sentence) => {
    const prefix = await topicsBut(topic, fault)
    await expect(provision(prefix)).rejects.toMatchObject(refusal(sentence))
    await expect(provision(prefix, { allowUnsafe: true })).rejects.toMatchObject(refusal(sentence))
  })
})

test('missing topics are not made where that is not wanted, and each is told with its settings', async () => {
  const prefix = `${randomUUID().slice(0, 8)}.`
  const sentence = `topic ${prefix}tern.state is not there, and --kafka-create-topics is false: make it with 2 partitions, 3 replicas and cleanup.policy=compact, `
  await expect(provision(prefix, { createTopics: false })).rejects.toMatchObject(refusal(sentence))
  expect((await admin.listTopics()).filter((topic) => topic.startsWith(prefix))).toEqual([])
  await expect(provision(await topicsBut('none', {}), { createTopics: false })).resolves.toEqual([])
})

describe('a program says in one sentence what is the matter with its Kafka', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tern-refusals-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const programs: [program: string, flags: readonly string[]][] = [
    ['services/nameserver/src/main.ts', ['--zone', 'z', '--listen', '127.0.0.1:0', '--log', 'kafka']],
    ['tools/region/main.ts', ['--data', folder, '--port', '0', '--log', 'kafka']],
  ]
  test.each(programs)('%s: nobody there: exit code 1', async (program, flags) => {
    const [port] = await freePorts(1)
    const { code, stderr } = await runService(program, [...flags, '--kafka-bootstrap', `127.0.0.1:${port}`]).ended
    expect(stderr).toMatch(/^cannot start.*: no Kafka answers at 127\.0\.0\.1:\d+ \(.*ECONNREFUSED.*--kafka-bootstrap/)
    expect(code).toBe(1)
  })
  test.each(programs)('%s: min.insync.replicas 1: exit code 2', async (program, flags) => {
    const prefix = await topicsBut('tern.control', { settings: { 'min.insync.replicas': 1 } }, 12)
    const kafka = ['--kafka-bootstrap', bootstrap, '--kafka-prefix', prefix]
    const { code, stderr } = await runService(program, [...flags, ...kafka]).ended
    expect(stderr).toMatch(/^cannot start.*min\.insync\.replicas is 1, so .*set it to 2 \(or say --allow-unsafe-log\)/)
    expect(code).toBe(2)
  })
})
