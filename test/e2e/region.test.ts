import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'

let region: Region
const clients: MqttClient[] = []

beforeAll(async () => {
  region = await startRegion()
})
afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)))
  await region?.stop()
})

async function client(address: string, clientId: string, clean: boolean): Promise<MqttClient> {
  const made = await connectAsync(`mqtt://${address}`, { clientId, clean, reconnectPeriod: 100, connectTimeout: 3_000 })
  made.on('error', () => {})
  clients.push(made)
  return made
}

/** Collects payloads; `until(n)` resolves when n different ones are there. */
function collect(from: MqttClient) {
  const seen: string[] = []
  let look = () => {}
  from.on('message', (_topic, payload) => {
    seen.push(payload.toString())
    look()
  })
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      look = () => {
        if (new Set(seen).size >= count) resolve()
      }
      look()
    })
  return { seen, until }
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `message ${i}`)

test('what is published in one zone arrives in another, in order', async () => {
  const [a = '', b = ''] = region.addresses
  const subscriber = await client(b, 'cross-sub', true)
  const { seen, until } = collect(subscriber)
  await subscriber.subscribeAsync('cross/+', { qos: 1 })
  const publisher = await client(a, 'cross-pub', true)
  await Promise.all(numbered(50).map((text) => publisher.publishAsync('cross/zones', text, { qos: 1 })))
  await until(50)
  expect(seen).toEqual(numbered(50))
})

test('the shared address takes publishers and subscribers of every QoS', async () => {
  const subscriber = await client(region.shared, 'shared-sub', true)
  const { seen, until } = collect(subscriber)
  await subscriber.subscribeAsync('shared/#', { qos: 2 })
  const publisher = await client(region.shared, 'shared-pub', true)
  for (const qos of [0, 1, 2] as const) await publisher.publishAsync('shared/one', `qos ${qos}`, { qos })
  await until(3)
  expect(seen).toEqual(['qos 0', 'qos 1', 'qos 2'])
})

test('kill -9 of the zone that a client publishes through loses no acknowledged message', async () => {
  const [a = '', , c = ''] = region.addresses
  const subscriber = await client(c, 'kill-sub', false)
  const { seen, until } = collect(subscriber)
  await subscriber.subscribeAsync('kill/#', { qos: 1 })
  const publisher = await client(a, 'kill-pub', false)
  const published = numbered(300).map((text, i) => publisher.publishAsync(`kill/${i % 10}`, text, { qos: 1 }))
  await Promise.race(published)
  await region.killZone('az-a')
  await region.restartZone('az-a')
  await Promise.all(published)
  await until(300)
  expect(new Set(seen)).toEqual(new Set(numbered(300)))
})

test('two zones go on while the third is down, and it serves again once healed', async () => {
  const [, , c = ''] = region.addresses
  await region.killZone('az-b')
  const other = await client(c, 'still-here', true)
  const { until } = collect(other)
  await other.subscribeAsync('alive', { qos: 1 })
  await other.publishAsync('alive', 'yes', { qos: 1 })
  await until(1)
  await region.restartZone('az-b')
  const back = await client(region.addresses[1] ?? '', 'back-again', true)
  expect(back.connected).toBe(true)
})
