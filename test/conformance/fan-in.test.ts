import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { CrowdPlan, CrowdResult } from './crowd.ts'
import type { NeighbourPlan, NeighbourResult } from './neighbour.ts'
import { useRegion } from './region-setup.ts'

const { region } = useRegion()
/** Publishers, and as many subscribers; 10,000 take minutes, and 20,000 sockets in one process. */
const clients = Number(process.env['TERN_CROWD_CLIENTS'] ?? 1_000)
const each = Number(process.env['TERN_CROWD_EACH'] ?? 6)
/** On two cores with everything: 0.9 s; 5.1 s where a frame goes to all clients of a proxy in one turn. */
const waitMaxMs = 2_500
const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function run(file: string, plan: CrowdPlan | NeighbourPlan): ChildProcess {
  const child = fork(join(import.meta.dirname, file), [JSON.stringify(plan)])
  children.push(child)
  return child
}

test('of many publishers to one topic every one of as many subscribers gets every message, in order, and a neighbour is served meanwhile (P13)', {
  timeout: 60_000 + clients * 100,
}, async () => {
  const { addresses } = region()
  const crowd = run('crowd.ts', { addresses, clients, each })
  await once(crowd, 'message')
  const topics = Array.from({ length: 24 }, (_, i) => `neighbour/${i}`)
  const neighbour = run('neighbour.ts', { addresses, topics, pauseMs: 5 })
  await once(neighbour, 'message')
  crowd.send('publish')
  const [result] = (await once(crowd, 'message')) as [CrowdResult]
  const delivered = clients * clients * each
  expect(result).toEqual({ acknowledged: clients * each, delivered, outOfOrder: 0 })
  neighbour.send('say')
  const [{ waitsMs }] = (await once(neighbour, 'message')) as [NeighbourResult]
  expect(waitsMs.length).toBeGreaterThan(10)
  expect(Math.max(...waitsMs), 'the longest wait of a neighbour for a PUBACK, in ms').toBeLessThan(waitMaxMs)
})
