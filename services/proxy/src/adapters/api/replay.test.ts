import { message, messaging } from '@tern/proto'
import { expect, onTestFinished, test } from 'vitest'
import { encodeCursor } from '../../core/query/places.ts'
import { FakeOwners } from './owners.fixture.ts'
import { Replays } from './replay.ts'

const { EARLIEST, LATEST, RESUME } = message.StartPosition_Anchor
const anchored = (value: message.StartPosition_Anchor) => ({ at: { $case: 'anchor', value } as const })
const cursored = (value: string) => ({ at: { $case: 'cursor', value } as const })

type Response = messaging.ReplayMessagesResponse

async function opened(queues = 5) {
  const owners = await FakeOwners.start(queues)
  onTestFinished(() => owners.stop())
  const replays = new Replays(owners.looking())
  return { owners, replays }
}

/** A replay as a caller reads it. */
class Reader {
  readonly responses: Response[] = []
  readonly end = new AbortController()
  private readonly stream: AsyncGenerator<Response>

  constructor(replays: Replays, fields: Partial<messaging.ReplayMessagesRequest>) {
    this.stream = replays.replay(messaging.ReplayMessagesRequest.create(fields), {
      signal: this.end.signal,
      deadlineMs: undefined,
    })
    onTestFinished(() => this.end.abort())
  }

  get texts(): string[] {
    return this.responses.flatMap(({ messages }) => messages.map(({ payload }) => String(payload)))
  }

  get last(): Response | undefined {
    return this.responses.at(-1)
  }

  /** True while it goes on. */
  async next(): Promise<boolean> {
    const { done, value } = await this.stream.next()
    if (value) this.responses.push(value)
    return !done
  }

  async until(count: number): Promise<string[]> {
    while (this.texts.length < count && (await this.next()));
    return this.texts
  }

  async untilEnd(): Promise<string[]> {
    while (await this.next());
    return this.texts
  }
}

const numbered = (owners: FakeOwners, from: number, to: number) => {
  for (let i = from; i < to; i++) owners.publish(`t/${i % 9}`, String(i), 1_000 + i)
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i))
const sorted = (texts: readonly string[]) => texts.toSorted((a, b) => Number(a) - Number(b))

/** Of each topic, in the order in which it was published. */
function expectOrdered(texts: readonly string[]) {
  for (let topic = 0; topic < 9; topic++) {
    const own = texts.filter((text) => Number(text) % 9 === topic)
    expect(own).toEqual(sorted(own))
  }
}

test('a replay gives all that is there, in the order of each queue, and ends', async () => {
  const { owners, replays } = await opened()
  numbered(owners, 0, 80)
  const reader = new Reader(replays, {})
  const texts = await reader.untilEnd()
  expect(sorted(texts)).toEqual(range(0, 80))
  expectOrdered(texts)
  expect(reader.last).toMatchObject({ caughtUp: true, gap: false })
})

test('a replay from a time to a time gives what was published then', async () => {
  const { owners, replays } = await opened()
  numbered(owners, 0, 80)
  const at = (timeMs: number) => ({ seconds: 1, nanos: (timeMs - 1_000) * 1_000_000 })
  const start = { at: { $case: 'time', value: at(1_020) } as const }
  expect(sorted(await new Reader(replays, { start, endTime: at(1_050) }).untilEnd())).toEqual(range(20, 50))
})

test('who follows is told of having caught up, and then of what comes, within a moment', async () => {
  const { owners, replays } = await opened()
  numbered(owners, 0, 30)
  const reader = new Reader(replays, { follow: true, start: anchored(EARLIEST), topicFilter: 't/+' })
  expect(sorted(await reader.until(30))).toEqual(range(0, 30))
  while (!reader.last?.caughtUp) await reader.next()
  const began = Date.now()
  owners.publish('t/1', '30')
  owners.publish('other', 'never')
  await reader.until(31)
  expect(Date.now() - began).toBeLessThan(100)
  expect(reader.texts.at(-1)).toBe('30')
})

test('who follows from the latest is told at once that nothing is to be caught up', async () => {
  const { owners, replays } = await opened()
  numbered(owners, 0, 30)
  const reader = new Reader(replays, { follow: true })
  await reader.next()
  expect(reader.last).toMatchObject({ messages: [], caughtUp: true })
  const next = reader.until(1)
  owners.publish('a', 'next')
  expect(await next).toEqual(['next'])
})

test('a replay survives moves of its queues and the death of an owner: each message once and in order', async () => {
  const { owners, replays } = await opened()
  numbered(owners, 0, 200)
  const reader = new Reader(replays, { follow: true, start: anchored(EARLIEST) })
  await reader.until(40)
  owners.move(0, 1)
  await reader.until(90)
  owners.kill(1)
  numbered(owners, 200, 220)
  setTimeout(() => {
    for (const queue of [0, 1, 3]) owners.move(queue, 2)
    numbered(owners, 220, 260)
  }, 150)
  const texts = await reader.until(260)
  expect(sorted(texts)).toEqual(range(0, 260))
  expectOrdered(texts)
})

test('a cursor goes on after the answer that it came with', async () => {
  const { owners, replays } = await opened()
  numbered(owners, 0, 80)
  const reader = new Reader(replays, {})
  await reader.until(25)
  reader.end.abort()
  const before = reader.texts
  const rest = await new Reader(replays, { start: cursored(reader.last?.cursor ?? '') }).untilEnd()
  expect(sorted([...before, ...rest])).toEqual(range(0, 80))
})

test('a cursor that is none, of another filter or of another region is refused', async () => {
  const { owners, replays } = await opened()
  numbered(owners, 0, 8)
  const refused = async (fields: Partial<messaging.ReplayMessagesRequest>) =>
    new Reader(replays, fields).next().then(
      () => 'served',
      ({ code, reason }) => `${code} ${reason}`,
    )
  const invalid = 'INVALID_ARGUMENT CURSOR_INVALID'
  expect(await refused({ start: cursored('nonsense') })).toBe(invalid)
  expect(await refused({ start: cursored(encodeCursor(new Map([[1, 0]]))) })).toBe(invalid)
  const elsewhere = new Map(owners.logs.map((_, queue) => [queue, 1_000_000]))
  expect(await refused({ start: cursored(encodeCursor(elsewhere)) })).toBe(invalid)
  expect(await refused({ start: anchored(RESUME) })).toBe('INVALID_ARGUMENT ANCHOR_INVALID')
  expect(await refused({ start: anchored(LATEST), topicFilter: 'a/#/b' })).toBe('INVALID_ARGUMENT TOPIC_FILTER_INVALID')
})

test('retention that passes a reader is told as a gap', async () => {
  const { owners, replays } = await opened(1)
  numbered(owners, 0, 60)
  owners.starts[0] = 15
  const reader = new Reader(replays, { start: cursored(encodeCursor(new Map([[0, 3]]))) })
  expect(await reader.untilEnd()).toEqual(range(15, 60))
  expect(reader.responses[0]).toMatchObject({ gap: true })
  expect(reader.last).toMatchObject({ gap: false })
})

test('a sample gives so many messages a second, and counts the others', async () => {
  const { owners, replays } = await opened()
  numbered(owners, 0, 80)
  const reader = new Reader(replays, { samplePerSecond: 10 })
  await reader.untilEnd()
  const skipped = reader.responses.reduce((sum, response) => sum + response.skipped, 0)
  expect(reader.texts.length + skipped).toBe(80)
  expect(reader.texts.length).toBeLessThanOrEqual(20)
})

test('while nobody reads, nothing more is asked for', async () => {
  const { owners, replays } = await opened()
  numbered(owners, 0, 3_000)
  const reader = new Reader(replays, {})
  await reader.next()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(owners.calls).toBeLessThanOrEqual(4)
})

test('a reader that goes away ends the replay, and makes room for another one', async () => {
  const { owners, replays } = await opened()
  numbered(owners, 0, 30)
  const readers = Array.from({ length: 200 }, () => new Reader(replays, { follow: true }))
  for (const reader of readers) await reader.next()
  await expect(new Reader(replays, {}).next()).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    reason: 'TOO_MANY_REPLAYS',
  })
  for (const reader of readers) reader.end.abort()
  for (const reader of readers) await reader.untilEnd()
  expect(sorted(await new Reader(replays, {}).untilEnd())).toEqual(range(0, 30))
})
