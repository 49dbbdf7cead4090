import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { createRouteWatcher } from '@tern/routing'
import { systemClock as clock } from '@tern/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { queuesOf } from '../../tools/drain/drain.ts'
import { check } from '../failure/checker.ts'
import type { Entry } from '../failure/history.ts'
import { Fleet } from '../failure/round.ts'
import { type Region, startRegion } from '../support/region.ts'

const main = join(import.meta.dirname, '../../tools/drain/main.ts')
const zone = 'az-a'
/** Whoever publishes meanwhile waits no longer than this for an acknowledgement: 0.4 s were seen, and without an owner it is for ever. */
const pauseMsMax = 5_000
/** Moves of one decision in a region of `npm start`. */
const movesMax = 2
let region: Region

beforeAll(async () => {
  region = await startRegion()
}, 60_000)
afterAll(() => region.stop())

type Ended = Readonly<{ code: number; printed: string; stderr: string }>

function drain(...flags: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...flags], (_error, printed, stderr) =>
      resolve({ code: child.exitCode ?? -1, printed, stderr }),
    )
  })
}

/** The longest time from a publish to its acknowledgement, of those that were published from a moment on. */
function longestMs(entries: readonly Entry[], from: number): number {
  const invokedAt = new Map<string, number>()
  let longest = 0
  for (const entry of entries) {
    if (entry.kind === 'invoke' && entry.at >= from && !entry.will) invokedAt.set(entry.key, entry.at)
    const since = entry.kind === 'ok' ? invokedAt.get(entry.key) : undefined
    if (since !== undefined) longest = Math.max(longest, entry.at - since)
  }
  return Math.round(longest)
}

/** How many queues the zone owns, each time that changes. */
function countQueues() {
  const watcher = createRouteWatcher({ addresses: region.plan.zones.map(({ nameserver }) => nameserver), clock })
  const counts: number[] = []
  watcher.onChange((table) => {
    const count = queuesOf(table, zone)
    if (count !== counts.at(-1)) counts.push(count)
  })
  return { counts, now: () => queuesOf(watcher.table(), zone), stop: () => watcher.stop() }
}

test('a drain under load moves all queues with no long pause, loses nothing, and is taken back a few queues at a time', async () => {
  const owned = countQueues()
  await expect.poll(owned.now, { timeout: 20_000 }).toBe(4)
  const fleet = new Fleet(region, 'drain', 6)
  await fleet.start()
  fleet.publish()
  await after(1_000)
  const { entries } = fleet.history
  const from = performance.now()
  const drained = await drain('--zone', zone, '--data', region.plan.folder)
  expect(drained).toMatchObject({ code: 0, stderr: '' })
  expect(drained.printed).toMatch(/az-a still owns \d queues\n(.*\n)*az-a owns no queue any more\n$/)
  expect(owned.now()).toBe(0)
  // It stays so: nobody balances it back.
  await after(1_500)
  expect(owned.now()).toBe(0)
  const drainMs = longestMs(entries, from)

  const undoneAt = performance.now()
  owned.counts.length = 0
  expect(await drain('--zone', zone, '--undo', '--data', region.plan.folder)).toMatchObject({ code: 0, stderr: '' })
  await expect.poll(owned.now, { timeout: 10_000 }).toBe(4)
  const steps = owned.counts.map((count, i) => count - (owned.counts[i - 1] ?? 0))
  expect(steps.length).toBeGreaterThan(1)
  expect(Math.max(...steps)).toBeLessThanOrEqual(movesMax)
  expect(entries.filter(({ kind }) => kind === 'closed')).toEqual([])
  await fleet.settle(2_000)
  fleet.stop()
  owned.stop()
  const undoMs = longestMs(entries, undoneAt)
  const { violations, counts } = check(entries)
  console.log(`longest wait for an acknowledgement: drain ${drainMs} ms, undo ${undoMs} ms, of ${counts.acknowledged}`)
  expect(violations.slice(0, 10)).toEqual([])
  expect(fleet.publishers.map((device) => device.unacknowledged)).toEqual(fleet.publishers.map(() => 0))
  expect(counts.acknowledged).toBeGreaterThan(500)
  expect(Math.max(drainMs, undoMs)).toBeLessThan(pauseMsMax)
})

test('what cannot be drained is said in one sentence', async () => {
  const at = ['--data', region.plan.folder]
  expect(await drain('--zone', 'az-x', ...at)).toEqual({
    code: 1,
    printed: '',
    stderr: 'there is no living broker in a zone "az-x"; the zones are az-a, az-b, az-c\n',
  })
  expect((await drain('--zone', zone, '--data', '/nowhere')).stderr).toBe(
    'no region runs in /nowhere; give the folder of one with --data, or --nameservers host:port\n',
  )
  expect(await drain(...at)).toMatchObject({ code: 2, stderr: 'give the zone, as --zone az-a\n' })
  expect(await drain('--zone', zone, '--nameservers', 'abc')).toMatchObject({
    code: 2,
    stderr: '--nameservers has "abc"; give host:port, with commas between several\n',
  })
})

test('the last zone that is not drained is refused: its queues would have nowhere to go', async () => {
  const at = ['--data', region.plan.folder]
  for (const other of ['az-b', 'az-c']) expect((await drain('--zone', other, ...at)).code).toBe(0)
  expect(await drain('--zone', zone, ...at)).toMatchObject({
    code: 1,
    stderr: `no other zone could take the queues of ${zone}; start one, or take the drain of one back, first\n`,
  })
})
