import { randomUUID } from 'node:crypto'
import { connectKafkaLog, type Log } from '@tern/log'
import { logContract, type OpenedLog } from '@tern/log/testing'
import { createLogger, systemClock } from '@tern/runtime'
import kafkajs from 'kafkajs'
import { expect, inject } from 'vitest'
import { ask } from '../../tools/kafka/control.ts'
import { untilKafkaIsWhole } from './kafka-settings.ts'

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs
const bootstrap = inject('kafkaBootstrap')
const nodes = ['1', '2', '3']
const logger = createLogger(() => {})

async function open(): Promise<OpenedLog> {
  const prefix = `${randomUUID().slice(0, 8)}.`
  const connect = () => connectKafkaLog({ bootstrap: bootstrap.split(','), prefix, clock: systemClock, logger })
  const logs: Log[] = []
  const opened = async () => {
    const log = await connect()
    logs.push(log)
    return log
  }
  /** Every node at once, without warning. */
  const restart = async () => {
    for (const node of nodes) await ask(inject('kafkaControl'), 'kill', node)
    for (const node of nodes) await ask(inject('kafkaControl'), 'restart', node)
    await untilKafkaIsWhole()
    return opened()
  }
  const compact = async (then: () => Promise<unknown>) => {
    await setting(`${prefix}tern.state`, {
      'cleanup.policy': 'compact',
      'min.compaction.lag.ms': '0',
      'min.cleanable.dirty.ratio': '0.0001',
      'segment.ms': '1',
      // All settings are replaced by these.
      'min.insync.replicas': '2',
      'message.timestamp.type': 'LogAppendTime',
    })
    await then()
  }
  return {
    log: await opened(),
    restart,
    compact,
    stop: async () => void (await Promise.all(logs.map((log) => log.close()))),
  }
}

logContract('Kafka', open, { trimLasts: false })

async function setting(topic: string, settings: Record<string, string>): Promise<void> {
  const admin = new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  })
  await expect.poll(() => settingIn(admin, topic, 'segment.ms')).toBe(settings['segment.ms'])
  await admin.disconnect()
}

async function settingIn(admin: kafkajs.Admin, topic: string, name: string): Promise<string | undefined> {
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic }]
  const answer = await admin.describeConfigs({ resources, includeSynonyms: false })
  return answer.resources[0]?.configEntries.find(({ configName }) => configName === name)?.configValue
}
