import type { Log, OffsetRange } from '@tern/log'
import { encodeBatch, encodeBody } from '@tern/record'
import { partitionOf } from '@tern/routing'
import { systemClock } from '@tern/runtime'
import { expect, test } from 'vitest'
import { bodyOf, region } from '../link/link.fixture.ts'

type Watched = Readonly<{
  offsets: () => ReadonlyMap<number, number | undefined>
  grown: (queue: number, range: OffsetRange) => void
}>

async function watched() {
  const time = { ms: 1_000_000 }
  let watching: Watched | undefined
  const watch: NonNullable<Log['watch']> = (_topic, offsets, grown) => {
    watching = { offsets, grown }
    return { cancel: () => (watching = undefined) }
  }
  const { log, broker } = await region({ watch, clock: { ...systemClock, now: () => time.ms } })
  const first = broker(1)
  await first.own([0, 1], 10)
  return { log, first, time, watching: () => watching }
}

test('an owner reads what others wrote when the log tells of it', async () => {
  const { log, first, watching } = await watched()
  const topic = ['a', 'b', 'c', 'd'].find((each) => partitionOf(each, 2) === 0) ?? ''
  await log.append('tern.messages', 0, encodeBatch([encodeBody(Buffer.from(topic), Buffer.from('x'), [])]))
  expect(watching()?.offsets()).toEqual(
    new Map([
      [0, 0],
      [1, 0],
    ]),
  )
  watching()?.grown(0, { start: 0, end: 1 })
  // Long before it would look by itself.
  await expect.poll(() => first.ownership.get(0)?.position, { timeout: 300, interval: 5 }).toBe(0)
  await expect.poll(() => watching()?.offsets().get(0)).toBe(1)
})

test('a queue that its owner appends to just now is not waited for', async () => {
  const { first, time, watching } = await watched()
  await first.connect(7).append(0, 1, [bodyOf('a', 'x', { producer: 7, sequence: 1 })])
  expect([...(watching()?.offsets() ?? [])]).toEqual([
    [0, undefined],
    [1, 0],
  ])
  time.ms += 1_000
  expect(watching()?.offsets().get(0)).toBe(1)
})

test('who gives up its queues waits for nothing', async () => {
  const { first, watching } = await watched()
  first.ownership.giveUp(1)
  expect([...(watching()?.offsets().keys() ?? [])]).toEqual([0])
  first.ownership.stop()
  expect(watching()).toBeUndefined()
})
