import { spawnSync } from 'node:child_process'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'

let region: Region

beforeAll(async () => {
  region = await startRegion()
})
afterAll(() => region?.stop())

/** All numbers that a process says, by name, added up over their labels. */
async function scrape(address: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://${address}/metrics`)
  expect(response.status).toBe(200)
  const sums = new Map<string, number>()
  for (const line of (await response.text()).split('\n')) {
    const [, name, value] = /^([a-z0-9_]+)(?:\{.*\})? (\S+)$/.exec(line) ?? []
    if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(value))
  }
  return sums
}

async function ofRegion(name: string): Promise<number> {
  const scraped = await Promise.all(region.plan.zones.map(({ metrics }) => scrape(metrics)))
  return scraped.reduce((sum, each) => sum + (each.get(name) ?? 0), 0)
}

test('every process of a region says what it counts, that it lives, and that it is ready', async () => {
  const [a = '', b = ''] = region.addresses
  const subscriber = await connectAsync(`mqtt://${b}`, { clientId: 'metrics-sub', protocolVersion: 5 })
  const publisher = await connectAsync(`mqtt://${a}`, { clientId: 'metrics-pub', protocolVersion: 5 })
  let received = 0
  const all = new Promise<void>((resolve) => subscriber.on('message', () => ++received === 30 && resolve()))
  await subscriber.subscribeAsync('metrics/#', { qos: 1 })
  for (let i = 0; i < 30; i++) await publisher.publishAsync('metrics/one', 'text', { qos: 1 })
  await all
  expect(await ofRegion('tern_proxy_sessions')).toBe(2)
  expect(await ofRegion('tern_proxy_published_messages_total')).toBe(30)
  expect(await ofRegion('tern_proxy_published_size_bytes_total')).toBe(120)
  expect(await ofRegion('tern_proxy_delivered_messages_total')).toBe(30)
  expect(await ofRegion('tern_proxy_delivered_delay_seconds_count')).toBe(30)
  expect(await ofRegion('tern_broker_append_records_total')).toBe(30)
  expect(await ofRegion('tern_broker_queues')).toBe(12)
  expect(await ofRegion('tern_nameserver_leading')).toBe(1)
  expect(await ofRegion('process_uptime_seconds')).toBeGreaterThan(0)
  const log = await scrape(region.plan.logMetrics)
  expect(log.get('tern_log_commit_duration_seconds_count')).toBeGreaterThan(0)
  expect(log.get('tern_log_records')).toBeGreaterThan(30)
  for (const address of [...region.plan.zones.map(({ metrics }) => metrics), region.plan.logMetrics]) {
    expect((await fetch(`http://${address}/health`)).status).toBe(200)
    expect((await fetch(`http://${address}/ready`)).status).toBe(200)
  }
  await Promise.all([publisher.endAsync(), subscriber.endAsync()])
})

test('[X13] no label holds what a client chose: its id, topics, groups, properties, or the name of a publisher', async () => {
  const [address = ''] = region.addresses
  const api = region.plan.zones[0]?.api ?? ''
  const word = 'chosen-by-a-client'
  for (let i = 0; i < 20; i++) {
    const client = await connectAsync(`mqtt://${address}`, { clientId: `${word}-${i}`, protocolVersion: 5 })
    await client.subscribeAsync([`$share/${word}-${i}/${word}/${i}`, `${word}/${i}/#`], { qos: 1 })
    const userProperties = { [`${word}-${i}`]: word }
    await client.publishAsync(`${word}/${i}/"}\n1`, word, { qos: 1, retain: true, properties: { userProperties } })
    await client.endAsync()
    const fields = { clientId: `${word}-api-${i}`, requestId: `${word}-${i}`, messages: [{ topic: `${word}/+` }] }
    const headers = { 'content-type': 'application/json', 'user-agent': `${word}-${i}` }
    const request = { method: 'POST', headers, body: JSON.stringify(fields) }
    await (await fetch(`http://${api}/tern.v1.MessagingService/Publish`, request)).text()
    await (await fetch(`http://${api}/${word}/${i}`, { headers })).text()
  }
  const processes = [...region.plan.zones.map(({ metrics }) => metrics), region.plan.logMetrics]
  const texts = await Promise.all(processes.map(async (each) => (await fetch(`http://${each}/metrics`)).text()))
  // Whoever looks at nothing finds nothing.
  expect(await ofRegion('tern_proxy_connects_total')).toBeGreaterThanOrEqual(20)
  expect(texts.flatMap((text) => text.split('\n').filter((line) => line.includes(word)))).toEqual([])
})

test('Prometheus finds nothing to mend in it', async () => {
  for (const address of [region.plan.zones[0]?.metrics, region.plan.logMetrics]) {
    const text = await (await fetch(`http://${address}/metrics`)).text()
    const { status, stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    if (error)
      throw new Error(`promtool does not start: ${error.message}; install it (Debian: apt-get install prometheus)`)
    expect([status, stderr]).toEqual([0, ''])
  }
})

test('the death of a zone shows in the numbers of the others', async () => {
  await region.killZone('az-c')
  const alive = region.plan.zones.filter(({ zone }) => zone !== 'az-c')
  const sum = async (name: string) => {
    const scraped = await Promise.all(alive.map(({ metrics }) => scrape(metrics)))
    return scraped.reduce((total, each) => total + (each.get(name) ?? 0), 0)
  }
  await expect.poll(() => sum('tern_broker_queues'), { timeout: 20_000 }).toBe(12)
  await expect.poll(() => sum('tern_nameserver_deaths_total'), { timeout: 20_000 }).toBeGreaterThanOrEqual(2)
  await region.restartZone('az-c')
})
