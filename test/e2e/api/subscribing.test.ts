import { message, messaging } from '@tern/proto'
import { type ApiStream, connectApi } from '@tern/rpc'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Region, startRegion } from '../../support/region.ts'

type Frame = NonNullable<messaging.SubscribeRequest['frame']>

let region: Region
beforeAll(async () => {
  region = await startRegion()
}, 120_000)
afterAll(() => region?.stop())

const { AT_LEAST_ONCE } = message.QualityOfService
const toTopic = (topic: string, text: string) =>
  message.Message.create({ topic, payload: Buffer.from(text), qos: AT_LEAST_ONCE })
const numbers = (from: number, through: number) => Array.from({ length: through - from + 1 }, (_, i) => `${from + i}`)

function api(zone: number) {
  const client = connectApi(region.plan.zones[zone]?.api ?? '', messaging.MessagingServiceService)
  onTestFinished(() => client.close())
  return client
}

async function device(zone: number, clientId: string): Promise<MqttClient> {
  const mqtt = await connectAsync(`mqtt://${region.addresses[zone]}`, {
    ...{ protocolVersion: 5, clientId, clean: true, reconnectPeriod: 0 },
  })
  onTestFinished(() => mqtt.endAsync(true).then(() => {}))
  return mqtt
}

/** A stream that acknowledges all that it gets, unless told not to. */
class Subscriber {
  readonly heard: string[] = []
  wasToldToMove = false
  readonly opened: Promise<messaging.SubscribeResponse_Opened>
  /** Why it ended. */
  readonly ended: Promise<string>
  private readonly stream: ApiStream<messaging.SubscribeRequest, messaging.SubscribeResponse>
  private isOpened: (opened: messaging.SubscribeResponse_Opened) => void = () => {}

  constructor(zone: number, open: Partial<messaging.SubscribeRequest_Open>, acknowledges = true) {
    this.stream = api(zone).subscribe()
    this.opened = new Promise((resolve) => {
      this.isOpened = resolve
    })
    this.ended = this.run(acknowledges)
    this.say({ $case: 'open', value: messaging.SubscribeRequest_Open.fromPartial(open) })
  }

  say(frame: Frame): void {
    this.stream.send({ frame }).catch(() => {})
  }

  end(): void {
    this.stream.end()
  }

  private async run(acknowledges: boolean): Promise<string> {
    try {
      for await (const { frame } of this.stream) {
        if (frame?.$case === 'opened') this.isOpened(frame.value)
        if (frame?.$case === 'moving') this.wasToldToMove = true
        if (frame?.$case !== 'deliveries') continue
        for (const { message: delivered } of frame.value.deliveries) this.heard.push(`${delivered?.payload}`)
        const ackIds = frame.value.deliveries.map(({ ackId }) => ackId)
        if (acknowledges) this.say({ $case: 'ack', value: { ackIds } })
      }
      return 'OK'
    } catch (error) {
      const { code, reason } = error as { code: string; reason: string }
      return `${code} ${reason}`
    }
  }
}

async function publish(zone: number, topic: string, texts: readonly string[]): Promise<void> {
  const messages = texts.map((text) => toTopic(topic, text))
  const { results } = await api(zone).publish({ messages, requestId: '', clientId: '' })
  expect(results.every(({ outcome }) => outcome?.$case === 'receipt')).toBe(true)
}

test('a subscriber goes on in another zone where its stream was left, and its older stream ends', async () => {
  const first = new Subscriber(0, { topicFilters: ['moves/#'], subscriberId: 'mover' })
  await first.opened
  await publish(1, 'moves/a', ['1', '2'])
  await expect.poll(() => first.heard).toEqual(['1', '2'])
  const second = new Subscriber(2, { topicFilters: ['moves/#'], subscriberId: 'mover' })
  expect((await second.opened).resumed).toBe(true)
  expect(await first.ended).toBe('ABORTED SUPERSEDED')
  await publish(1, 'moves/a', ['3'])
  await expect.poll(() => second.heard).toContain('3')
  await device(1, 'mover')
  expect(await second.ended).toBe('ABORTED SUPERSEDED')
}, 60_000)

test('one group has a member of MQTT and one of gRPC; when either goes, nothing is lost', async () => {
  const heard: string[] = []
  const mqtt = await device(1, 'worker-mqtt')
  mqtt.on('message', (_, payload) => void heard.push(`${payload}`))
  await mqtt.subscribeAsync('$share/crew/jobs/#', { qos: 1 })
  const open = { topicFilters: ['jobs/#'], group: 'crew', subscriberId: 'worker-grpc' }
  const stream = new Subscriber(2, open, false)
  await stream.opened
  await publish(0, 'jobs/1', numbers(1, 200))
  await expect.poll(() => new Set([...heard, ...stream.heard]).size, { timeout: 10_000 }).toBe(200)
  expect(stream.heard.length).toBeGreaterThan(0)
  expect(heard.length).toBeGreaterThan(0)
  // It has acknowledged nothing, and is gone at once.
  await region.killZone('az-c')
  await expect.poll(() => new Set(heard).size, { timeout: 30_000 }).toBe(200)
  const other = new Subscriber(0, open)
  await other.opened
  mqtt.stream.destroy()
  await publish(0, 'jobs/2', numbers(201, 300))
  await expect.poll(() => new Set([...heard, ...other.heard]).size, { timeout: 30_000 }).toBe(300)
  other.end()
  await region.restartZone('az-c')
}, 120_000)

test('what is pulled by one proxy is acknowledged by another one', async () => {
  const subscription = messaging.SubscribeRequest_Open.fromPartial({ topicFilters: ['pull/#'], subscriberId: 'cron' })
  const pull = async (zone: number) =>
    (await api(zone).pull({ subscription, maxMessages: 10, wait: { seconds: 2, nanos: 0 } })).deliveries
  const texts = (deliveries: readonly messaging.Delivery[]) => deliveries.map((each) => `${each.message?.payload}`)
  await pull(0)
  await publish(1, 'pull/a', ['1', '2', '3'])
  const got = await pull(0)
  expect(texts(got)).toEqual(['1', '2', '3'])
  const [first, second] = got.map(({ ackId }) => ackId)
  const answer = await api(1).acknowledge(
    messaging.AcknowledgeRequest.fromPartial({ subscriberId: 'cron', ackIds: [first ?? '', second ?? ''] }),
  )
  expect(answer.errors).toEqual([])
  expect(texts(await pull(2))).toEqual(['3'])
}, 60_000)

test('a subscriber that never reads holds nobody up', async () => {
  const stuck = api(0).subscribe()
  onTestFinished(() => stuck.cancel?.())
  await stuck.send({
    frame: { $case: 'open', value: messaging.SubscribeRequest_Open.fromPartial({ topicFilters: ['busy/#'] }) },
  })
  const reader = new Subscriber(0, { topicFilters: ['busy/#'] })
  await reader.opened
  const large = 'x'.repeat(10_000)
  for (let round = 0; round < 20; round++) await publish(1, 'busy/a', Array(100).fill(large))
  await expect.poll(() => reader.heard.length, { timeout: 30_000 }).toBe(2_000)
  reader.end()
}, 60_000)

test('a proxy that stops in order tells its streams first, and they go on elsewhere with nothing lost', async () => {
  const open = { topicFilters: ['rolling/#'], subscriberId: 'roller' }
  const first = new Subscriber(1, open)
  await first.opened
  await publish(0, 'rolling/1', ['1'])
  await expect.poll(() => first.heard).toEqual(['1'])
  const stopped = region.stopZone('az-b')
  expect(await first.ended).toBe('UNAVAILABLE DRAINING')
  expect(first.wasToldToMove).toBe(true)
  await publish(0, 'rolling/1', ['2'])
  const second = new Subscriber(2, open)
  expect((await second.opened).resumed).toBe(true)
  await expect.poll(() => second.heard).toEqual(['2'])
  await stopped
  await region.restartZone('az-b')
}, 60_000)
