import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { summaryOf } from '../failure/resumption.ts'
import { zones } from '../failure/round.ts'
import { StandingFleet } from '../failure/standing-fleet.ts'
import { type Region, startRegion } from '../support/region.ts'
import { kafkaSettings } from './kafka-settings.ts'
import { RudeClients } from './rude-clients.ts'

/** Whoever waits for longer than this beside them waits because of them. */
const deliveredWithinMs = 10_000

let region: Region
let fleet: StandingFleet

beforeAll(async () => {
  region = await startRegion(kafkaSettings(inject('kafkaBootstrap')))
  fleet = new StandingFleet(region.addresses, 'polite', 6)
  await fleet.start()
}, 120_000)
afterAll(async () => {
  fleet?.stop()
  await region?.stop()
})

const pidOf = (zone: string) => Number(readFileSync(join(region.plan.folder, 'run', `${zone}.pid`), 'utf8'))
const residentMiB = (zone: string) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pidOf(zone)}/status`, 'utf8'))?.[1]) / 1024

test('garbage, a client that never reads and two with one id leave all others alone', { timeout: 90_000 }, async () => {
  const pids = zones.map(pidOf)
  await fleet.begin()
  await after(1_000)
  const calm = fleet.measure()
  await fleet.until(() => calm.waiting.length === 0, deliveredWithinMs)
  const before = zones.map(residentMiB)
  const rude = new RudeClients(region.addresses, 'rude')
  const times: number[] = []
  for (let i = 0; i < 8; i++) {
    const beside = fleet.measure()
    await after(1_000)
    await fleet.until(() => beside.waiting.length === 0, deliveredWithinMs)
    times.push(...beside.times)
    expect(beside.waiting).toEqual([])
  }
  await rude.stop()
  const { garbled, takeovers, unread } = rude
  process.stdout.write(
    `${garbled} garbled, ${takeovers} takeovers, ${unread} unread; delivered after ms: calm ${summaryOf(calm.times)}, beside them ${summaryOf(times)}; MiB ${before.map(Math.round)} then ${zones.map(residentMiB).map(Math.round)}\n`,
  )
  expect((await fleet.end(30_000)).slice(0, 10)).toEqual([])
  expect(zones.map(pidOf)).toEqual(pids)
  expect(garbled).toBeGreaterThan(100)
  expect(takeovers).toBeGreaterThan(20)
  expect(unread).toBeGreaterThan(100)
})
