import { expect, test } from 'vitest'
import { createMemoryLog, LogError, type MemoryLogFaults, ternTopics } from '../index.ts'
import { batchOf, logContract, textsOf } from '../log.contract.ts'

logContract('the in-memory log', async () => {
  let time = 1_700_000_000_000
  const log = createMemoryLog({ now: () => time++ })
  const compact = async (then: () => Promise<unknown>) => {
    await then()
    log.compact(0)
  }
  return { log, restart: async () => log, compact, stop: () => log.close() }
})

test('an append whose answer was lost is found by reading', async () => {
  const faults: MemoryLogFaults = {}
  const log = createMemoryLog({ now: () => 1, faults })
  await log.provision(ternTopics(1))
  faults.afterAppend = () => {
    throw new LogError('unknown', 'the answer was lost')
  }
  await expect(log.append('tern.messages', 0, batchOf('a'))).rejects.toMatchObject({ failure: 'unknown' })
  expect(textsOf((await log.read('tern.messages', 0, 0, 1000)).batches)).toEqual(['0:a'])
})

test('an append that failed before the write left nothing', async () => {
  const beforeAppend = () => {
    throw new LogError('refused', 'no room')
  }
  const log = createMemoryLog({ now: () => 1, faults: { beforeAppend } })
  await log.provision(ternTopics(1))
  await expect(log.append('tern.messages', 0, batchOf('a'))).rejects.toMatchObject({ failure: 'refused' })
  expect(await log.offsets('tern.messages', [0])).toEqual([{ start: 0, end: 0 }])
})
