import type { question } from '@tern/proto'
import { silentLogger, systemClock } from '@tern/runtime'
import { expect, test } from 'vitest'
import { SharedGroup } from '../../core/group/shared-group.ts'
import { emptyMaxMs, GroupEnds } from './group-ends.ts'

const name = '$share/g/t'
const number = (counter: number) => ({ epoch: 1, counter })
const start = systemClock.now()

/** A group of which nobody is connected, homes that say what they are told to, and what is done about it. */
function setUp() {
  const group = new SharedGroup<unknown>(name, { queue: 0, low: -1, settled: [] }, 0)
  group.join('p', 1, [], start, 0)
  group.join('p', 0, [], start, 0)
  const homes = { existing: [] as question.SessionKey[], held: false, asked: 0 }
  const ended: string[] = []
  const written: string[] = []
  const dead = new Set<number>()
  const ends = new GroupEnds({
    groups: new Map([[name, group]]),
    clock: { ...systemClock, now: () => start },
    logger: silentLogger,
    askHomes: {
      async sessionsExist(keys) {
        homes.asked += keys.length
        return homes.existing
      },
      async filterHeld() {
        homes.asked++
        return homes.held
      },
    },
    proxyAlive: (proxy) => !dead.has(proxy),
    put: (writes) => void written.push(...writes.map(([key]) => key)),
    end: (each) => void ended.push(each),
  })
  const keep = async (atMs: number) => {
    ends.keep(start + atMs)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { group, homes, ended, written, dead, keep }
}

const taken = (position: number, clientId: string, proxy = 0) => ({
  ...{ group: name, position, clientId, session: number(1), proxy, done: false },
})

test('what a session that is no more had taken is ended, and what another has is kept [MQTT5-4.8.2-5]', async () => {
  const { group, homes, written, keep } = setUp()
  group.taken.add(taken(0, 'gone'))
  group.taken.add(taken(1, 'there'))
  homes.existing = [{ clientId: 'there', incarnation: number(1) }]
  await keep(30_000)
  // A first look finds nothing that is old.
  expect([homes.asked, written]).toEqual([0, []])
  group.taken.add(taken(2, 'young'))
  await keep(60_000)
  expect(homes.asked).toBe(2)
  expect(written).toEqual([`taken/${name}/0`])
  expect([...group.taken.notDone()].map(({ clientId }) => clientId)).toEqual(['there', 'young'])
})

test('what ended with its proxy is ended at once', async () => {
  const { group, written, dead, keep } = setUp()
  group.taken.add(taken(0, 'clean', 7))
  await keep(1_000)
  expect(written).toEqual([])
  dead.add(7)
  await keep(2_000)
  expect(written).toEqual([`taken/${name}/0`])
})

test('a group nobody is connected for waits for the time that messages are kept, and for offline sessions that hold it (D10)', async () => {
  const { homes, ended, keep } = setUp()
  await keep(emptyMaxMs - 1)
  expect([homes.asked, ended]).toEqual([0, []])
  homes.held = true
  await keep(emptyMaxMs)
  expect([homes.asked, ended]).toEqual([1, []])
  homes.held = false
  await keep(emptyMaxMs + 1_000)
  expect(ended).toEqual([])
  await keep(emptyMaxMs + 3_600_000)
  expect(ended).toEqual([name])
})

test('a member that comes while homes are asked keeps its group', async () => {
  const { group, ended, keep } = setUp()
  const asked = keep(emptyMaxMs)
  group.join('p', 1, [], start, 0)
  await asked
  expect(ended).toEqual([])
})
