import { createMemoryLog, LogError, type MemoryLogFaults, ternTopics } from '@tern/log'
import type { ledger } from '@tern/proto'
import { type Block, BlockWriter, batches, entryKind } from '@tern/record'
import { duplexPair, silentLogger, systemClock } from '@tern/runtime'
import { expect, test } from 'vitest'
import { TraceLog } from '../log/trace-log.ts'
import { readTraceRecord } from '../log/trace-record.ts'
import { acceptBlocks } from './ledger-service.ts'

function blockOf(position: number): Buffer {
  const writer = new BlockWriter({ queue: 1, proxy: 1, zone: 'a' })
  writer.add(entryKind.acked, position, 1, 1, 2, 3, 'c', 'f', 1, 0, '')
  return writer.finish()
}

async function service() {
  const faults: MemoryLogFaults = {}
  const log = createMemoryLog({ now: Date.now, faults })
  await log.provision(ternTopics(2))
  const [near, far] = duplexPair<ledger.RecordRequest, ledger.RecordResponse>(systemClock)
  let counted = 0
  const count = ({ entries }: Block) => {
    counted += entries().length
  }
  acceptBlocks(far, new TraceLog(log, systemClock, silentLogger), () => 2, systemClock, count)
  const answered: number[] = []
  near.listen({ frame: ({ sequences }) => void answered.push(...sequences), end() {} })
  const stored = async (queue: number) => {
    const { batches: content } = await log.read('tern.trace', queue, 0, 1_000_000)
    return [...batches(content)].flatMap((batch) =>
      [...batch.records()].flatMap(({ body }) => {
        const record = readTraceRecord(body)
        return record?.kind === 'block' ? record.block.entries().map(({ position }) => position) : []
      }),
    )
  }
  return { faults, near, answered, stored, counted: () => counted }
}

test('a block is answered when it is on the log, in the partition of its queue', async () => {
  const { near, answered, stored, counted } = await service()
  for (const sequence of [1, 2]) near.send({ sequence, queue: 1, block: blockOf(sequence) })
  await expect.poll(() => answered).toEqual([1, 2])
  expect(await stored(1)).toEqual([1, 2])
  expect(counted()).toBe(2)
})

test('a log that refuses is asked again, and nothing is answered before it took the block', async () => {
  const { faults, near, answered, stored } = await service()
  let failures = 2
  faults.beforeAppend = () => {
    if (failures-- > 0) throw new LogError('unknown', 'away')
  }
  near.send({ sequence: 9, queue: 1, block: blockOf(5) })
  await expect.poll(() => answered, { timeout: 5_000 }).toEqual([9])
  expect(await stored(1)).toContain(5)
})

test('what is no block, or of no queue, is answered so that it is not sent for ever, and never stored', async () => {
  const { near, answered, stored } = await service()
  near.send({ sequence: 1, queue: 7, block: blockOf(1) })
  near.send({ sequence: 2, queue: 1, block: Buffer.from('nonsense') })
  near.send({ sequence: 3, queue: 1, block: blockOf(1).subarray(0, -1) })
  near.send({ sequence: 4, queue: 1, block: blockOf(4) })
  await expect.poll(() => answered).toEqual([1, 2, 3, 4])
  expect(await stored(1)).toEqual([4])
})
