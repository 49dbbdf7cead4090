import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { queuesOfRegion } from '../../../tools/region/plan.ts'
import { type Region, startRegion } from '../../support/region.ts'
import { startTrace, type TraceProcess } from './trace-process.ts'

let region: Region
let trace: TraceProcess
let publisher: MqttClient
let subscriber: MqttClient
const received = new Set<string>()
beforeAll(async () => {
  region = await startRegion()
  trace = await startTrace(region)
  subscriber = await connectAsync(`mqtt://${region.addresses[1]}`, { clientId: 'loss-sub' })
  subscriber.on('message', (_, payload) => received.add(String(payload)))
  await subscriber.subscribeAsync('loss/#', { qos: 1 })
  publisher = await connectAsync(`mqtt://${region.addresses[0]}`, { clientId: 'loss-pub' })
})
afterAll(async () => {
  await Promise.all([publisher, subscriber].map((client) => client?.endAsync(true)))
  await trace?.kill()
  await region?.stop()
})

/** Publishes and waits until each is acknowledged and received. */
async function publish(name: string, count: number, meanwhile: (i: number) => unknown = () => {}): Promise<void> {
  for (let i = 0; i < count; i++) {
    await publisher.publishAsync(`loss/${i % 50}`, `${name}${i}`, { qos: 1 })
    await meanwhile(i)
  }
  const wanted = Array.from({ length: count }, (_, i) => `${name}${i}`)
  await expect.poll(() => wanted.every((each) => received.has(each)), { timeout: 10_000 }).toBe(true)
}

/** How many messages there are, and those whose traces lack something without saying so. */
async function judge() {
  let messages = 0
  const lacking: string[] = []
  for (let queue = 0; queue < queuesOfRegion; queue++) {
    for (let position = 0; ; position++) {
      const whole = await trace.messageTrace(queue, position)
      if (whole === undefined) break
      messages++
      const publish = whole.spans.find(({ name }) => name === 'publish')
      const isWhole = publish?.zone === 'az-a' && whole.deliveries?.acked === 1
      if (!isWhole && !whole.incomplete) lacking.push(whole.messageId)
    }
  }
  return { messages, lacking }
}

test('kill -9 of the trace service under load loses no entry: proxies send again what was not answered', async () => {
  let restarted: Promise<TraceProcess> | undefined
  await publish('kill', 600, async (i) => {
    if (i !== 300) return
    const { address } = trace
    await trace.kill()
    restarted = startTrace(region, address)
  })
  trace = (await restarted) as TraceProcess
  await expect.poll(judge, { timeout: 20_000, interval: 1_000 }).toEqual({ messages: 600, lacking: [] })
})

test('without a trace service messages flow as before, and their traces are there once it is back', async () => {
  await trace.kill()
  const began = performance.now()
  await publish('none', 200)
  expect(performance.now() - began).toBeLessThan(10_000)
  trace = await startTrace(region)
  await expect.poll(judge, { timeout: 20_000, interval: 1_000 }).toEqual({ messages: 800, lacking: [] })
})

test('two trace services at once both know everything', async () => {
  const other = await startTrace(region)
  await publish('two', 50)
  const first = trace
  await expect.poll(judge, { timeout: 20_000, interval: 1_000 }).toEqual({ messages: 850, lacking: [] })
  trace = other
  await expect.poll(judge, { timeout: 20_000, interval: 1_000 }).toEqual({ messages: 850, lacking: [] })
  await first.kill()
})
