import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { check } from '../failure/checker.ts'
import { Device } from '../failure/device.ts'
import { type Entry, History, partsOf } from '../failure/history.ts'
import { zones } from '../failure/round.ts'
import { type Region, startRegion } from '../support/region.ts'

const publishers = 30
const kills = 10
const withinMs = 5_000
const publishEveryMs = 60

let region: Region

beforeAll(async () => {
  region = await startRegion()
}, 60_000)
afterAll(() => region.stop())

/** Each topic has its publisher and four subscribers; together they use all zones. */
function fleet(history: History) {
  const device = (clientId: string, turn: number, filters: readonly string[] = []) => {
    const { addresses } = region
    const at = turn % addresses.length
    return new Device({
      ...{ clientId, history, addresses: [...addresses.slice(at), ...addresses.slice(0, at)] },
      subscriptions: filters.map((filter) => ({ filter, qos: 1 as const })),
    })
  }
  const all = (i: number) => Array.from({ length: publishers }, (_, topic) => `p/${topic}/${i % 2 === 0 ? '+' : 'x'}`)
  return {
    publishing: Array.from({ length: publishers }, (_, i) => device(`p${i}`, i)),
    subscribing: [0, 1, 2, 3].map((i) => device(`s${i}`, i, all(i))),
  }
}

/** For each (publisher, topic, subscriber): milliseconds from the moment to the first delivery of what was published after it. */
function recoveries(entries: readonly Entry[], from: number, subscribers: readonly string[]): number[] {
  const published = new Map<string, number>()
  const first = new Map<string, number>()
  for (const entry of entries) {
    if (entry.kind === 'invoke') published.set(entry.key, entry.at)
    if (entry.kind !== 'delivery' || entry.at < from || (published.get(entry.key) ?? 0) < from) continue
    const { publisher, topic } = partsOf(entry.key)
    const path = `${publisher} ${topic} ${entry.actor}`
    if (!first.has(path)) first.set(path, entry.at - from)
  }
  const paths = Array.from({ length: publishers }, (_, i) =>
    subscribers.map((actor) => `p${i} p/${i}/x ${actor}`),
  ).flat()
  return paths.map((path) => first.get(path) ?? Number.POSITIVE_INFINITY)
}

test(`99 % of the paths deliver again within 5 s of kill -9 of a zone, over ${kills} kills`, {
  timeout: 240_000,
}, async () => {
  const history = new History()
  const { publishing, subscribing } = fleet(history)
  await Promise.all([...publishing, ...subscribing].map((device) => device.start()))
  const pump = setInterval(() => {
    for (const [i, device] of publishing.entries()) device.publish(`p/${i}/x`, 1)
  }, publishEveryMs)
  const actors = subscribing.map(({ options }) => options.clientId)
  const times: number[] = []
  for (let kill = 0; kill < kills; kill++) {
    const zone = zones[kill % zones.length] ?? 'az-a'
    await after(500)
    const at = performance.now()
    await region.killZone(zone)
    // Until every path has delivered, or its time is over.
    const recovered = () => recoveries(history.entries, at, actors)
    while (performance.now() - at < withinMs && recovered().some((ms) => ms > withinMs)) await after(100)
    times.push(...recovered())
    await region.restartZone(zone)
  }
  clearInterval(pump)
  await Promise.all(publishing.map((device) => device.until(() => device.unacknowledged === 0)))
  await expect.poll(() => check(history.entries).violations.slice(0, 5), { timeout: 10_000, interval: 250 }).toEqual([])
  for (const device of [...publishing, ...subscribing]) device.stop()
  times.sort((a, b) => a - b)
  const at = (share: number) => Math.round(times[Math.floor(times.length * share)] ?? Number.NaN)
  console.log(`${times.length} paths delivered again after ms: p50 ${at(0.5)}, p99 ${at(0.99)}, all ${at(0.9999)}`)
  expect(times.length).toBeGreaterThanOrEqual(1_000)
  expect(times.filter((ms) => ms <= withinMs).length / times.length).toBeGreaterThanOrEqual(0.99)
})
