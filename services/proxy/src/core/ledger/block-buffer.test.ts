import { entryKind, readBlock } from '@tern/record'
import { expect, test } from 'vitest'
import { BlockBuffer, heldBytesMax, ordinaryBytesMax, underWayBytesMax } from './block-buffer.ts'
import { EntryRing } from './entry-ring.ts'

type Kind = keyof typeof entryKind

function ringOf(...entries: [kind: Kind, queue: number, position: number, client?: string][]): EntryRing {
  const ring = new EntryRing(4096)
  for (const [kind, queue, position, client = 'c'] of entries) {
    ring.put(entryKind[kind], queue, position, 1, 10, 20, 30, client, 'f', 1, 0, '', undefined)
  }
  return ring
}

/** Takes every block that may leave. */
const leaving = (buffer: BlockBuffer) => {
  const blocks = []
  for (let block = buffer.next(); block !== undefined; block = buffer.next()) blocks.push(block)
  return blocks
}

/** Names as long as this fill a block with a few entries. */
const long = (i: number) => `${i}`.padEnd(16 * 1024, 'x')

function fill(buffer: BlockBuffer, bytes: number, kind: Kind): void {
  for (let i = 0; buffer.heldBytes < bytes; i++) buffer.take(ringOf([kind, 0, i, long(i)]))
}

test('there is a block for each queue, and a full one does not wait', () => {
  const buffer = new BlockBuffer(7, 'az-a')
  const ring = ringOf(['acked', 1, 5], ['acked', 2, 6], ['acked', 1, 7])
  buffer.take(ring)
  expect([ring.count, leaving(buffer).length]).toEqual([0, 0])
  buffer.close()
  const blocks = leaving(buffer).map(({ queue, bytes }) => [queue, readBlock(bytes).entries().length])
  expect(blocks).toEqual([
    [1, 2],
    [2, 1],
  ])
  for (let i = 0; i < 4; i++) buffer.take(ringOf(['acked', 1, i, long(i)]))
  expect(leaving(buffer)).toHaveLength(1)
})

test('what was not answered goes again on a new stream, and what was does not', () => {
  const buffer = new BlockBuffer(7, 'az-a')
  buffer.take(ringOf(['acked', 1, 5], ['acked', 2, 6], ['acked', 3, 7]))
  buffer.close()
  const [, second] = leaving(buffer)
  buffer.answered(second!.sequence)
  buffer.answered(99)
  buffer.rewind()
  const again = leaving(buffer)
  expect(again.map(({ queue }) => queue)).toEqual([1, 3])
  for (const { sequence } of again) buffer.answered(sequence)
  expect([buffer.isEmpty, buffer.heldBytes]).toEqual([true, 0])
})

test('no more is under way than the limit says', () => {
  const buffer = new BlockBuffer(7, 'az-a')
  fill(buffer, 2 * underWayBytesMax, 'acked')
  const first = leaving(buffer)
  const bytes = first.reduce((sum, block) => sum + block.bytes.length, 0)
  expect(bytes).toBeGreaterThanOrEqual(underWayBytesMax)
  expect(bytes).toBeLessThan(underWayBytesMax + 100_000)
  buffer.answered(first[0]!.sequence)
  expect(leaving(buffer)).toHaveLength(1)
})

test('when nobody takes blocks ordinary entries are dropped first, then all; the next block says how many and where', () => {
  const buffer = new BlockBuffer(7, 'az-a')
  fill(buffer, ordinaryBytesMax, 'acked')
  buffer.take(ringOf(['acked', 0, 1000], ['expired', 0, 1001, long(1001)], ['written', 0, 1002]))
  expect(buffer.droppedEntries).toBe(2)
  fill(buffer, heldBytesMax, 'expired')
  buffer.take(ringOf(['expired', 0, 1003], ['expired', 5, 7]))
  expect(buffer.droppedEntries).toBe(4)
  expect(buffer.heldBytes).toBeLessThan(heldBytesMax + 100_000)
  buffer.close()
  const blocks = []
  for (let sent = leaving(buffer); sent.length > 0; sent = leaving(buffer)) {
    blocks.push(...sent)
    for (const { sequence } of sent) buffer.answered(sequence)
  }
  buffer.close()
  blocks.push(...leaving(buffer))
  const lost = blocks.flatMap(({ queue, bytes }) => {
    const { lost: told } = readBlock(bytes).head
    return told ? [[queue, told.count, told.first, told.last]] : []
  })
  expect(lost).toContainEqual([5, 1, 7, 7])
  expect(lost.reduce((sum, [, count]) => sum + count!, 0)).toBe(4)
})
