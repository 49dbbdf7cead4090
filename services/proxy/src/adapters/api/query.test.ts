import { message, messaging } from '@tern/proto'
import { systemClock } from '@tern/runtime'
import { expect, onTestFinished, test, vi } from 'vitest'
import { FakeOwners } from './owners.fixture.ts'
import { Queries } from './query.ts'
import { getMessage } from './stored-messages.ts'

const never = { signal: new AbortController().signal, deadlineMs: undefined }
const { BASIC } = message.MessageView

async function opened(queues = 5) {
  const owners = await FakeOwners.start(queues)
  onTestFinished(() => owners.stop())
  const looking = owners.looking()
  const queries = new Queries(looking)
  const ask = (fields: Partial<messaging.QueryMessagesRequest>, call: Parameters<Queries['query']>[1] = never) =>
    queries.query(messaging.QueryMessagesRequest.create(fields), call)
  return { owners, looking, queries, ask }
}

const textsOf = ({ messages }: messaging.QueryMessagesResponse) => messages.map(({ payload }) => String(payload))

/** Pages to the end; at most so many. */
async function pages(
  ask: (fields: Partial<messaging.QueryMessagesRequest>) => Promise<messaging.QueryMessagesResponse>,
  fields: Partial<messaging.QueryMessagesRequest>,
  between: (page: number) => void = () => {},
) {
  const texts: string[] = []
  for (let pageToken = '', page = 0; ; page++) {
    const answer = await ask({ ...fields, pageToken })
    texts.push(...textsOf(answer))
    if (answer.nextPageToken === '') return { texts, answer }
    expect(page).toBeLessThan(100)
    pageToken = answer.nextPageToken
    between(page)
  }
}

const numbered = (owners: FakeOwners, count: number, from = 0) => {
  for (let i = from; i < from + count; i++) owners.publish(`t/${i % 9}`, String(i), 1_000 + i)
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i))

test('messages of all queues come in one order, oldest or newest first, each once over all pages', async () => {
  const { owners, ask } = await opened()
  numbered(owners, 60)
  expect((await pages(ask, { pageSize: 7 })).texts).toEqual(range(0, 60))
  expect((await pages(ask, { pageSize: 7, newestFirst: true })).texts).toEqual(range(0, 60).reverse())
  expect((await pages(ask, { pageSize: 7, topicFilter: 't/4' })).texts).toEqual(
    range(0, 60).filter((i) => Number(i) % 9 === 4),
  )
})

test('what is published while somebody pages is not in the pages, so that they come to an end', async () => {
  const { owners, ask } = await opened()
  numbered(owners, 30)
  let more = 30
  const between = () => {
    more += 9
    numbered(owners, 9, more)
  }
  expect((await pages(ask, { pageSize: 4 }, between)).texts).toEqual(range(0, 30))
  expect(more).toBeGreaterThan(60)
})

test('a time range holds what was published from its start on and before its end', async () => {
  const { owners, ask } = await opened()
  numbered(owners, 60)
  const at = (timeMs: number) => ({ seconds: Math.floor(timeMs / 1_000), nanos: (timeMs % 1_000) * 1_000_000 })
  const within = { startTime: at(1_010), endTime: at(1_020) }
  expect((await pages(ask, { ...within, pageSize: 3 })).texts).toEqual(range(10, 20))
  expect((await pages(ask, { ...within, newestFirst: true })).texts).toEqual(range(10, 20).reverse())
  expect((await ask({ startTime: at(9_999_999) })).messages).toEqual([])
  expect((await ask({ endTime: at(1) })).messages).toEqual([])
})

test('an answer says how far it came, and in the end that all of the range was looked at', async () => {
  const { owners, ask } = await opened()
  numbered(owners, 60)
  const first = await ask({ pageSize: 5 })
  expect(first.rangeMessages).toBe(60)
  expect(first.scannedMessages).toBeGreaterThanOrEqual(5)
  expect(first.scannedMessages).toBeLessThan(60)
  expect(first.scannedTo).toBeDefined()
  const { answer } = await pages(ask, { pageSize: 25 })
  expect(answer).toMatchObject({ scannedMessages: 60, rangeMessages: 60, scannedTo: undefined })
})

test('a view without payloads, and a preview, say how large the payload is', async () => {
  const { owners, ask } = await opened()
  owners.publish('t', '0123456789')
  expect((await ask({ view: BASIC })).messages[0]).toMatchObject({ payload: new Uint8Array(), payloadSize: 10 })
  expect(textsOf(await ask({ payloadPreviewBytes: 4 }))).toEqual(['0123'])
})

test('an answer holds at most 2 MiB of messages, and one message always', async () => {
  const { owners, ask } = await opened()
  for (let i = 0; i < 6; i++) owners.publish(`t/${i}`, String(i).repeat(700_000), 1_000 + i)
  const first = await ask({})
  expect(first.messages).toHaveLength(2)
  expect((await pages(ask, {})).texts.map((text) => text[0])).toEqual(range(0, 6))
  expect((await ask({ view: BASIC })).messages).toHaveLength(6)
})

test('queues that give no answer are named, and what they hold comes with a later page', async () => {
  const { owners, ask } = await opened()
  numbered(owners, 40)
  owners.kill(1)
  const first = await ask({ pageSize: 100 })
  expect(first.unreachableQueues).toEqual([1, 3])
  expect(first.nextPageToken).not.toBe('')
  owners.move(1, 2)
  owners.move(3, 0)
  const rest = await pages((fields) => ask({ pageToken: first.nextPageToken, ...(fields.pageToken && fields) }), {})
  expect([...textsOf(first), ...rest.texts].sort()).toEqual(range(0, 40).sort())
})

test('a query that is under way when its queue moves asks the next owner', async () => {
  const { owners, ask } = await opened()
  numbered(owners, 40)
  const asking = ask({ pageSize: 100 })
  owners.kill(1)
  setTimeout(() => {
    owners.move(1, 2)
    owners.move(3, 2)
  }, 150)
  const answer = await asking
  expect(answer.unreachableQueues).toEqual([])
  expect(textsOf(answer)).toEqual(range(0, 40))
})

test('a caller with a short deadline gets what was found until then', async () => {
  const { owners, ask } = await opened()
  numbered(owners, 40)
  owners.kill(1)
  const began = Date.now()
  await ask({}, { ...never, deadlineMs: systemClock.now() + 500 })
  expect(Date.now() - began).toBeLessThan(450)
})

test('a caller that goes away ends the look', async () => {
  const { owners, ask } = await opened()
  numbered(owners, 40)
  owners.kill(1)
  const gone = new AbortController()
  const asking = ask({}, { ...never, signal: gone.signal })
  gone.abort()
  const began = Date.now()
  await asking.catch(() => {})
  expect(Date.now() - began).toBeLessThan(300)
  expect(owners.calls).toBeLessThan(3)
})

test('owners that are busy, and a proxy that is, say when to come again', async () => {
  const { owners, ask, looking } = await opened()
  numbered(owners, 9)
  owners.busy = true
  await expect(ask({})).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED', reason: 'TOO_MANY_SCANS' })
  owners.busy = false
  vi.spyOn(looking.scans, 'locate').mockImplementation(async () => new Promise(() => {}))
  for (let i = 0; i < 32; i++) void ask({})
  await expect(ask({})).rejects.toMatchObject({ reason: 'TOO_MANY_QUERIES', detail: { retryAfterMs: 1_000 } })
})

test('a message is found by its id, and it is said why another one is not', async () => {
  const { owners, looking } = await opened(2)
  numbered(owners, 20)
  owners.starts[0] = 2
  const get = (messageId: string) => getMessage({ messageId, view: 0 }, looking, never)
  expect((await get('0-2')).message).toMatchObject({ messageId: '0-2', traceId: 'trace 0-2' })
  const reasons = ['0-1', '0-99', '9-0', '99999-0', '7-', '-1-5', '0-01', 'x'.repeat(99)].map((id) =>
    get(id).then(
      () => 'found',
      ({ code, reason }) => `${code} ${reason}`,
    ),
  )
  expect(await Promise.all(reasons)).toEqual([
    'NOT_FOUND MESSAGE_NOT_KEPT',
    'NOT_FOUND NEVER_STORED',
    'NOT_FOUND NEVER_STORED',
    ...Array(5).fill('INVALID_ARGUMENT MESSAGE_ID_INVALID'),
  ])
})
