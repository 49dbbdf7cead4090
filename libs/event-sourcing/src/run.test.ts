import { expect, test } from 'vitest'
import type { Decider } from './decider.ts'
import { run } from './run.ts'

const counter: Decider<number, number, number, string> = {
  initial: 0,
  decide: (state, command) => ({ events: [command], effects: [`now ${state + command}`] }),
  evolve: (state, event) => state + event,
}

async function* inbox(...commands: number[]) {
  yield* commands
}

test('effects run only once their events are durable', async () => {
  const seen: string[] = []
  const append = async (events: readonly number[]) => void seen.push(`append ${events.join()}`)
  expect(await run(counter, inbox(1, 2), { append, perform: (effect) => seen.push(effect) })).toBe(3)
  expect(seen).toEqual(['append 1', 'now 1', 'append 2', 'now 3'])
})

test('a failed append stops the machine before any effect', async () => {
  const seen: string[] = []
  const append = () => Promise.reject(new Error('fenced'))
  await expect(run(counter, inbox(1), { append, perform: (effect) => seen.push(effect) })).rejects.toThrow('fenced')
  expect(seen).toEqual([])
})
