import { message, messaging } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Region, startRegion } from '../../support/region.ts'

let region: Region
beforeAll(async () => {
  region = await startRegion()
}, 120_000)
afterAll(() => region?.stop())

const { AT_LEAST_ONCE } = message.QualityOfService
const toTopic = (topic: string, text: string, more: Partial<message.Message> = {}) =>
  message.Message.create({ topic, payload: Buffer.from(text), qos: AT_LEAST_ONCE, ...more })

function api(zone: number) {
  const client = connectApi(region.plan.zones[zone]?.api ?? '', messaging.MessagingServiceService)
  onTestFinished(() => client.close())
  return client
}

async function listener(zone: number, filter: string): Promise<{ mqtt: MqttClient; heard: string[] }> {
  const mqtt = await connectAsync(`mqtt://${region.addresses[zone]}`, { protocolVersion: 5 })
  onTestFinished(() => mqtt.endAsync(true).then(() => {}))
  const heard: string[] = []
  mqtt.on('message', (_, payload) => void heard.push(String(payload)))
  await mqtt.subscribeAsync(filter, { qos: 1 })
  return { mqtt, heard }
}

/** A producer that sends a frame of items at each turn, and knows which are acknowledged. */
class Producer {
  readonly stored = new Set<number>()
  lastSequence = -1
  private readonly id: string
  private readonly topics: number

  constructor(id: string, topics: number) {
    this.id = id
    this.topics = topics
  }

  /** Sends the items; resolves when all are acknowledged, or the stream has ended. */
  async publish(zone: number, sequences: readonly number[], onAck = () => {}): Promise<void> {
    const stream = api(zone).publishStream()
    const reading = this.read(stream, new Set(sequences), onAck)
    try {
      await stream.send({ frame: { $case: 'open', value: { producerId: this.id, clientId: '' } } })
      for (let i = 0; i < sequences.length; i += 64) {
        const items = sequences.slice(i, i + 64).map((sequence) => {
          return { sequence, message: toTopic(`produced/${this.id}/${sequence % this.topics}`, String(sequence)) }
        })
        await stream.send({ frame: { $case: 'items', value: { items } } })
      }
      stream.end()
    } catch {
      // Its proxy is gone: what is not acknowledged goes by another one.
    }
    await reading
  }

  private async read(
    stream: AsyncIterable<messaging.PublishStreamResponse>,
    awaited: Set<number>,
    onAck: () => void,
  ): Promise<void> {
    try {
      for await (const { frame } of stream) {
        if (frame?.$case === 'opened') this.lastSequence = frame.value.lastSequence
        if (frame?.$case !== 'acks') continue
        for (const { sequence, result } of frame.value.acks) {
          expect(result?.outcome?.$case).toBe('receipt')
          this.stored.add(sequence)
          awaited.delete(sequence)
        }
        onAck()
        if (awaited.size === 0) return
      }
    } catch {
      // Told by what is not in `stored`.
    }
  }
}

const numbers = (from: number, through: number) => Array.from({ length: through - from + 1 }, (_, i) => from + i)
const sorted = (texts: readonly string[]) => texts.map(Number).sort((a, b) => a - b)

test('what is published by the API reaches MQTT subscribers of another zone, and stays when it is retained', async () => {
  const { heard } = await listener(1, 'shop/#')
  const { results } = await api(0).publish({
    messages: [toTopic('shop/open', 'yes', { retain: true }), toTopic('shop/till', '12')],
    ...{ requestId: '', clientId: 'teller' },
  })
  expect(results.map(({ outcome }) => outcome?.$case)).toEqual(['receipt', 'receipt'])
  await expect.poll(() => heard.toSorted()).toEqual(['12', 'yes'])
  const late = await listener(2, 'shop/#')
  await expect.poll(() => late.heard).toEqual(['yes'])
}, 30_000)

test('a request that is repeated through another proxy is stored once, and says where', async () => {
  const { heard } = await listener(2, 'orders/#')
  const request = {
    messages: [toTopic('orders/1', 'first'), toTopic('orders/2', 'second')],
    ...{ requestId: 'd4c5', clientId: '' },
  }
  const receipts = async (zone: number) =>
    (await api(zone).publish(request)).results.map(({ outcome }) =>
      outcome?.$case === 'receipt' ? outcome.value : undefined,
    )
  const first = await receipts(0)
  const second = await receipts(1)
  expect(first.map((each) => each?.deduplicated)).toEqual([false, false])
  expect(second.map((each) => each?.deduplicated)).toEqual([true, true])
  expect(second.map((each) => each?.messageId)).toEqual(first.map((each) => each?.messageId))
  await api(2).publish({ messages: [toTopic('orders/3', 'last')], requestId: '', clientId: '' })
  await expect.poll(() => heard.toSorted()).toEqual(['first', 'last', 'second'])
}, 30_000)

test('a producer whose zone is killed goes on through another one: everything is stored, and once', async () => {
  const { heard } = await listener(2, 'produced/#')
  const producer = new Producer('line-4', 9)
  const all = numbers(1, 6_000)
  let killing: Promise<void> | undefined
  await producer.publish(0, all, () => {
    if (producer.stored.size > 1_500) killing ??= region.killZone('az-a')
  })
  await killing
  expect(killing).toBeDefined()
  const missing = all.filter((sequence) => !producer.stored.has(sequence))
  await producer.publish(1, missing)
  expect(producer.stored.size).toBe(all.length)
  // Whoever does not know what is stored sends all of it again.
  await producer.publish(2, all)
  expect(producer.lastSequence).toBe(6_000)
  await producer.publish(1, [6_001])
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(6_001)
  expect(sorted(heard)).toEqual(numbers(1, 6_001))
  await region.restartZone('az-a')
}, 120_000)
