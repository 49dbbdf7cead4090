import { createMemoryLog, ternTopics } from '@tern/log'
import { batches } from '@tern/record'
import { silentLogger } from '@tern/runtime'
import { manualClock } from '@tern/runtime/testing'
import { expect, test } from 'vitest'
import { TraceLog, traceTopic } from './trace-log.ts'

async function traceLog() {
  const clock = manualClock()
  const log = createMemoryLog({ now: () => clock.now() })
  await log.provision(ternTopics(2))
  const kept = new TraceLog(log, clock, silentLogger)
  const durable: string[] = []
  const told = (text: string) => [Buffer.from(text), () => void durable.push(text)] as const
  const settled = async () => {
    clock.pass(0)
    for (let i = 0; i < 20; i++) await Promise.resolve()
  }
  /** How many records each batch of a partition has. */
  const sizes = async (partition: number) =>
    [...batches((await log.read(traceTopic, partition, 0, 1_000_000)).batches)].map(
      (batch) => [...batch.records()].length,
    )
  return { kept, clock, durable, told, settled, sizes }
}

test('what nobody waits for is appended with what comes within a fifth of a second, the first one at once', async () => {
  const { kept, clock, durable, told, settled, sizes } = await traceLog()
  kept.gather(0, ...told('first'))
  await settled()
  expect(durable).toEqual(['first'])
  kept.gather(0, ...told('a'))
  kept.gather(1, ...told('b'))
  clock.pass(150)
  kept.gather(0, ...told('c'))
  await settled()
  expect(durable).toEqual(['first'])
  clock.pass(50)
  await settled()
  expect(durable.sort()).toEqual(['a', 'b', 'c', 'first'])
  expect(await sizes(0)).toEqual([1, 2])
  expect(kept.waitingBytes).toBe(0)
})

test('what somebody waits for does not, and takes along what does', async () => {
  const { kept, durable, told, settled, sizes } = await traceLog()
  kept.gather(0, ...told('first'))
  await settled()
  kept.gather(0, ...told('block'))
  kept.append(0, ...told('spans'))
  await settled()
  expect(durable).toEqual(['first', 'block', 'spans'])
  expect(await sizes(0)).toEqual([1, 2])
})
