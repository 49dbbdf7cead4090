import { batches, encodeBatch, encodeBody, readBody } from '@tern/record'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Log, LogError, type TopicName } from './log.ts'
import { ternTopics } from './topics.ts'

export type OpenedLog = {
  log: Log
  /** Ends the log without warning and gives it back as it was found again. The old `log` may go on being used. */
  restart(): Promise<Log>
  /**
   * Sees to it that compaction soon goes over everything that was appended so far. `then` appends one more record when the log is
   * ready to: Kafka compacts nothing that stands in its newest segment. The `log` goes on being used.
   */
  compact(then: () => Promise<unknown>): Promise<void>
  stop(): Promise<void>
}

const topic: TopicName = 'tern.messages'
const whole = 1024 * 1024

export const batchOf = (...texts: string[]): Buffer =>
  encodeBatch(texts.map((text) => encodeBody(null, Buffer.from(text), [])))

const bodyOf = (key: string, value: string | null): Buffer =>
  encodeBody(Buffer.from(key), value === null ? null : Buffer.from(value), [])

export const textsOf = (content: Buffer): string[] => recordsOf(content).map(({ offset, text }) => `${offset}:${text}`)

function recordsOf(content: Buffer): { offset: number; text: string }[] {
  return [...batches(content)].flatMap((batch) =>
    [...batch.records()].map(({ offset, body }) => ({
      offset,
      text: String(readBody(body, 0, body.length).value),
    })),
  )
}

/** Page by page: a read may end before the log does. */
async function readAll(log: Log, name: TopicName, from: number): Promise<string[]> {
  const texts: string[] = []
  for (let next = from; ; ) {
    const { batches: content } = await log.read(name, 0, next, whole)
    if (content.length === 0) return texts
    texts.push(...textsOf(content))
    for (const { lastOffset } of batches(content)) next = lastOffset + 1
  }
}

/** Collects what a tail delivers, and tells when so many records are there. */
function collector() {
  const texts: string[] = []
  let wake: () => void = () => {}
  return {
    texts,
    deliver(content: Buffer) {
      texts.push(...textsOf(content))
      wake()
    },
    async until(count: number) {
      while (texts.length < count) await new Promise<void>((resolve) => (wake = resolve))
      return texts
    },
  }
}

/**
 * What every log promises; run it for each adapter. `trimLasts`: what was trimmed stays so when all processes were killed at once;
 * Kafka keeps where its logs start in memory for a minute.
 */
export function logContract(name: string, open: () => Promise<OpenedLog>, { trimLasts = true } = {}): void {
  describe(`${name} keeps the promises of a log`, () => {
    let opened: OpenedLog
    let log: Log
    beforeEach(async () => {
      opened = await open()
      log = opened.log
      await log.provision(ternTopics(4))
    })
    afterEach(() => opened.stop())

    test('offsets are dense, from 0', async () => {
      const first = await log.append(topic, 0, batchOf('a', 'b', 'c'))
      const second = await log.append(topic, 0, batchOf('d'))
      expect([first.baseOffset, second.baseOffset]).toEqual([0, 3])
      expect(second.appendTimeMs).toBeGreaterThanOrEqual(first.appendTimeMs)
      expect(await log.offsets(topic, [0, 1])).toEqual([
        { start: 0, end: 4 },
        { start: 0, end: 0 },
      ])
    })

    test('a read begins with the batch that holds the offset, which may begin before it', async () => {
      await log.append(topic, 0, batchOf('a', 'b', 'c'))
      await log.append(topic, 0, batchOf('d'))
      const middle = await log.read(topic, 0, 1, whole)
      expect(textsOf(middle.batches)).toEqual(['0:a', '1:b', '2:c', '3:d'])
      expect(textsOf((await log.read(topic, 0, 3, whole)).batches)).toEqual(['3:d'])
      expect(await log.read(topic, 0, 4, whole)).toMatchObject({ start: 0, end: 4, batches: Buffer.alloc(0) })
    })

    test('a read gives one whole batch even when that is more than was asked for', async () => {
      await log.append(topic, 0, batchOf('a'.repeat(500)))
      await log.append(topic, 0, batchOf('b'))
      expect(textsOf((await log.read(topic, 0, 0, 1)).batches)).toEqual([`0:${'a'.repeat(500)}`])
    })

    test('a read below the start or above the end is out of range and says what the range is', async () => {
      await log.append(topic, 0, batchOf('a'))
      const above = await log.read(topic, 0, 5, whole).catch((error: unknown) => error)
      expect(above).toBeInstanceOf(LogError)
      expect(above).toMatchObject({ failure: 'out-of-range', range: { start: 0, end: 1 } })
    })

    test('appends to several partitions in one turn each get their own offsets', async () => {
      await log.append(topic, 2, batchOf('before'))
      const appended = await Promise.all(
        [0, 1, 2, 3].map((each) => log.append(topic, each, batchOf(`to ${each}`, 'x'))),
      )
      expect(appended.map(({ baseOffset }) => baseOffset)).toEqual([0, 0, 1, 0])
      expect(textsOf((await log.read(topic, 3, 0, whole)).batches)).toEqual(['0:to 3', '1:x'])
    })

    test('a tail from the middle gives everything once, stored and new', async () => {
      for (const text of ['0', '1', '2']) await log.append(topic, 0, batchOf(text))
      const seen = collector()
      const tail = log.tail(topic, 0, 1, seen.deliver)
      for (const text of ['3', '4']) await log.append(topic, 0, batchOf(text))
      expect(await seen.until(4)).toEqual(['1:1', '2:2', '3:3', '4:4'])
      tail.cancel()
    })

    test('after a restart all that was acknowledged is there, and a tail has neither hole nor repetition', async () => {
      const seen = collector()
      const tail = log.tail(topic, 0, 0, seen.deliver)
      for (const text of ['a', 'b']) await log.append(topic, 0, batchOf(text))
      await seen.until(2)
      const again = await opened.restart()
      expect(textsOf((await again.read(topic, 0, 0, whole)).batches)).toEqual(['0:a', '1:b'])
      expect((await again.append(topic, 0, batchOf('c'))).baseOffset).toBe(2)
      expect(await seen.until(3)).toEqual(['0:a', '1:b', '2:c'])
      tail.cancel()
    })

    test('trimmed records are forgotten, also after a restart', async () => {
      for (const text of ['a', 'b', 'c']) await log.append(topic, 0, batchOf(text))
      await log.trim(topic, 0, 2)
      expect(await log.offsets(topic, [0])).toEqual([{ start: 2, end: 3 }])
      await expect(log.read(topic, 0, 1, whole)).rejects.toMatchObject({ failure: 'out-of-range' })
      const again = await opened.restart()
      const [range = { start: -1, end: -1 }] = await again.offsets(topic, [0])
      if (trimLasts) expect(range.start).toBe(2)
      expect(range).toMatchObject({ start: expect.toSatisfy((start: number) => start <= 2), end: 3 })
      expect(textsOf((await again.read(topic, 0, 2, whole)).batches)).toEqual(['2:c'])
    })

    test('the offset at a time is the first record appended then or later, or the end', async () => {
      const { appendTimeMs } = await log.append(topic, 0, batchOf('a', 'b'))
      expect(await log.offsetAt(topic, 0, appendTimeMs)).toBe(0)
      expect(await log.offsetAt(topic, 0, appendTimeMs + 3_600_000)).toBe(2)
    })

    test('topics that exist are left alone, and another partition count is refused', async () => {
      await log.append(topic, 0, batchOf('a'))
      await log.provision(ternTopics(4))
      await expect(log.provision(ternTopics(5))).rejects.toMatchObject({ failure: 'refused' })
      expect(await log.offsets(topic, [0])).toEqual([{ start: 0, end: 1 }])
    })

    test('topics that are missing are added to those that exist', async () => {
      const older = await open()
      try {
        await older.log.provision(ternTopics(4).slice(0, 2))
        await older.log.append(topic, 0, batchOf('a'))
        await expect(older.log.append('tern.trace', 3, batchOf('a'))).rejects.toMatchObject({ failure: 'refused' })
        await older.log.provision(ternTopics(4))
        await older.log.append('tern.trace', 3, batchOf('b'))
        expect(await older.log.offsets(topic, [0])).toEqual([{ start: 0, end: 1 }])
      } finally {
        await older.stop()
      }
    })

    test('of a compacted topic the newest record of each key stays, with its offset; a null value deletes the key', async () => {
      const put = (...records: [string, string | null][]) =>
        log.append('tern.state', 0, encodeBatch(records.map(([key, value]) => bodyOf(key, value))))
      await put(['a', '1'], ['b', '1'])
      await put(['a', '2'], ['c', '1'])
      await put(['c', null], ['a', '3'])
      await put(['d', '1'])
      await log.append(topic, 0, encodeBatch([bodyOf('a', '1'), bodyOf('a', '2')]))
      await opened.compact(() => put(['e', '1']))
      // A deletion may be told for a while.
      const told = (texts: readonly string[]) => texts.filter((text) => !text.endsWith(':null'))
      const left = async (name: TopicName, from = 0) => told(await readAll(log, name, from))
      await expect.poll(() => left('tern.state'), { timeout: 15_000 }).toEqual(['1:1', '5:3', '6:1', '7:1'])
      expect(await left(topic)).toEqual(['0:1', '1:2'])
      expect(await log.offsets('tern.state', [0])).toEqual([{ start: 0, end: 8 }])
      expect((await left('tern.state', 4)).slice(-3)).toEqual(['5:3', '6:1', '7:1'])
      log = await opened.restart()
      expect(await left('tern.state')).toEqual(['1:1', '5:3', '6:1', '7:1'])
      expect((await put(['b', '2'])).baseOffset).toBe(8)
      const seen = collector()
      const tail = log.tail('tern.state', 0, 0, seen.deliver)
      await expect.poll(() => told(seen.texts)).toEqual(['1:1', '5:3', '6:1', '7:1', '8:2'])
      tail.cancel()
    })

    test('bytes that are no whole record batch are refused and take no offset', async () => {
      const torn = batchOf('a').subarray(0, 65)
      await expect(log.append(topic, 0, torn)).rejects.toMatchObject({ failure: 'refused' })
      expect((await log.append(topic, 0, batchOf('b'))).baseOffset).toBe(0)
    })
  })
}
