import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { peakBytesOf } from '../../bench/processes.ts'
import type { CrowdPlan, CrowdResult } from './crowd.ts'
import type { NeighbourPlan, NeighbourResult } from './neighbour.ts'
import { useRegion } from './region-setup.ts'

const { region } = useRegion()
/** 10,000 of both, a message each, are 10^8 deliveries and 20,000 sockets: minutes, and `ulimit -n` of more than 10,000. */
const publishers = Number(process.env['TERN_CROWD_PUBLISHERS'] ?? 1_000)
const subscribers = Number(process.env['TERN_CROWD_SUBSCRIBERS'] ?? 1_000)
const each = Number(process.env['TERN_CROWD_EACH'] ?? 6)
/** On two cores with everything: 0.9 to 1.5 s, 1.9 s with 10,000 subscribers; 5.1 s where a frame goes to all clients of a proxy in one turn. */
const waitMaxMs = 2_500
const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** Resolves once it has said that it is there. */
async function run(file: string, plan: CrowdPlan | NeighbourPlan): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, file), [JSON.stringify(plan)])
  children.push(child)
  await once(child, 'message')
  return child
}

test('of many publishers to one topic every one of as many subscribers gets every message, in order, and a neighbour is served meanwhile (P13)', {
  timeout: 60_000 + (publishers + subscribers) * 50,
}, async () => {
  const { addresses, pids } = region()
  const crowd = (role: CrowdPlan['role']) => run('crowd.ts', { role, addresses, publishers, subscribers, each })
  const [reading, writing] = await Promise.all([crowd('subscribers'), crowd('publishers')])
  const topics = Array.from({ length: 24 }, (_, i) => `neighbour/${i}`)
  const neighbour = await run('neighbour.ts', { addresses, topics, pauseMs: 5 })
  const began = performance.now()
  writing.send('publish')
  const results = await Promise.all([once(writing, 'message'), once(reading, 'message')])
  const seconds = (performance.now() - began) / 1_000
  const messages = publishers * each
  expect(results.map(([result]) => result as CrowdResult)).toEqual([
    { count: messages, outOfOrder: 0 },
    { count: messages * subscribers, outOfOrder: 0 },
  ])
  neighbour.send('say')
  const [{ waitsMs }] = (await once(neighbour, 'message')) as [NeighbourResult]
  const longest = Math.round(Math.max(...waitsMs))
  const peaks = pids().map((pid) => Math.round(peakBytesOf(pid) / 2 ** 20))
  console.log(
    `${messages * subscribers} deliveries in ${seconds.toFixed(1)} s; a neighbour waited ${longest} ms at most; peaks of the processes ${peaks} MiB`,
  )
  expect(waitsMs.length).toBeGreaterThan(10)
  expect(longest, 'the longest wait of a neighbour for a PUBACK, in ms').toBeLessThan(waitMaxMs)
})
