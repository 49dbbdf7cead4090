import { setTimeout as after } from 'node:timers/promises'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { check } from '../failure/checker.ts'
import { Device } from '../failure/device.ts'
import { History } from '../failure/history.ts'
import { Fleet } from '../failure/round.ts'
import { type Region, startRegion } from '../support/region.ts'

const pauseMs = 30_000
let region: Region

beforeAll(async () => {
  region = await startRegion()
}, 60_000)
afterAll(() => region.stop())

/** A client that will be gone without a word. */
async function withWill(address: string, clientId: string) {
  const will = { topic: `will/${clientId}`, payload: Buffer.from(clientId), qos: 2 as const, retain: false }
  const client = await connectAsync(`mqtt://${address}`, { clientId, will, reconnectPeriod: 0, keepalive: 60 })
  client.on('error', () => {})
  return client
}

test('a zone that stands still for 30 s and comes back loses and doubles nothing; wills fire once', {
  timeout: 120_000,
}, async () => {
  const [first = '', second = ''] = region.addresses
  const fleet = new Fleet(region, 'pause', 6)
  await fleet.start()
  const wills = new History()
  const watcher = new Device({
    ...{ clientId: 'watcher', addresses: [second], history: wills },
    subscriptions: [{ filter: 'will/+', qos: 2 }],
  })
  await watcher.start()
  const [paused, elsewhere] = await Promise.all([withWill(first, 'paused'), withWill(second, 'elsewhere')])
  const seen = () => wills.entries.flatMap((entry) => (entry.kind === 'delivery' ? [entry.key] : [])).toSorted()

  fleet.publish()
  await after(500)
  await region.pauseZone('az-a')
  fleet.history.record('faults', { kind: 'fault', what: 'pause zone', target: 'az-a', bit: true })
  const until = performance.now() + pauseMs
  for (const client of [paused, elsewhere]) client.stream.destroy()
  // The proxy that stands still is declared dead, and its clients' wills are due.
  await watcher.until(() => seen().length === 2)
  const acknowledged = () => check(fleet.history.entries).counts.acknowledged
  const before = acknowledged()
  await after(until - performance.now())
  // All went on elsewhere.
  expect(acknowledged()).toBeGreaterThan(before + 1_000)
  await region.resumeZone('az-a')
  await after(1_000)
  await fleet.settle(2_000)
  fleet.stop()
  watcher.stop()
  expect(fleet.publishers.map((device) => device.unacknowledged)).toEqual(fleet.publishers.map(() => 0))
  expect(check(fleet.history.entries).violations.slice(0, 10)).toEqual([])
  expect(seen()).toEqual(['elsewhere', 'paused'])
})
