import { message, type messaging, retained, topics } from '@tern/proto'
import { expect, onTestFinished, test } from 'vitest'
import { encodeCursor } from '../../core/query/places.ts'
import { outcomeOf, served } from './served.fixture.ts'

// The rows of docs/bad-input-query.md.

const invalid = (reason: string) => `INVALID_ARGUMENT ${reason}`
const at = (seconds: number, nanos = 0) => ({ seconds, nanos })
const cursored = (value: string) => ({ at: { $case: 'cursor', value } as const })
const { RESUME } = message.StartPosition_Anchor
const megabyte = 'x'.repeat(1024 * 1024)

test('Q1 a query over everything is a page, and says how much there is', async () => {
  const { owners, query } = await served(onTestFinished)
  for (let i = 0; i < 300; i++) owners.publish(`more/${i}`, 'x'.repeat(20_000))
  const page = await query({ pageSize: 1_000 })
  expect(page.messages.length).toBeLessThan(140)
  expect(page).toMatchObject({ rangeMessages: 330, unreachableQueues: [] })
  expect((await query({})).messages).toHaveLength(50)
})

test('Q3 Q4 tokens and sizes', async () => {
  const { query } = await served(onTestFinished)
  const { nextPageToken: pageToken, messages } = await query({ topicFilter: 't/+', pageSize: 4 })
  expect(messages).toHaveLength(4)
  expect((await query({ topicFilter: 't/+', pageSize: 9, pageToken })).messages[0]?.payload).toEqual(Buffer.from('4'))
  const tokens: Partial<messaging.QueryMessagesRequest>[] = [
    { topicFilter: 't/1', pageToken },
    { topicFilter: 't/+', newestFirst: true, pageToken },
    { topicFilter: 't/+', startTime: at(1), pageToken },
    { topicFilter: 't/+', pageToken: `${pageToken}A` },
    { topicFilter: 't/+', pageToken: pageToken.slice(0, -4) },
    { topicFilter: 't/+', pageToken: '====' },
    { topicFilter: 't/+', pageToken: 'x'.repeat(100_000) },
  ]
  for (const each of tokens) expect(await outcomeOf(query(each))).toBe(invalid('PAGE_TOKEN_INVALID'))
  expect((await query({ pageSize: 1_000_000_000 })).messages).toHaveLength(30)
  expect(await outcomeOf(query({ pageSize: -1 }))).toBe(invalid('PAGE_SIZE_INVALID'))
})

test('Q5 Q6 Q7 times', async () => {
  const { query } = await served(onTestFinished)
  await expect(query({ startTime: at(9), endTime: at(8) })).rejects.toMatchObject({
    reason: 'TIME_RANGE_INVALID',
    message: expect.stringContaining('1000 ms'),
  })
  for (const range of [
    { endTime: at(0, 5) },
    { startTime: at(253_402_300_799) },
    { endTime: at(-5) },
    { startTime: at(7), endTime: at(7) },
  ]) {
    expect(await query(range)).toMatchObject({ messages: [], nextPageToken: '' })
  }
  for (const startTime of [at(1, -1), at(1, 1_000_000_000), at(9_000_000_000_000)]) {
    expect(await outcomeOf(query({ startTime }))).toBe(invalid('TIMESTAMP_INVALID'))
  }
})

test('Q8 Q9 filters', async () => {
  const { query } = await served(onTestFinished)
  for (const topicFilter of ['a/#/b', 'a+', '#a', 'a\0', 'a/'.repeat(200)]) {
    expect(await outcomeOf(query({ topicFilter }))).toBe(invalid('TOPIC_FILTER_INVALID'))
  }
  expect(await outcomeOf(query({ topicFilter: '$share/g/t/#' }))).toBe(invalid('TOPIC_FILTER_SHARED'))
  const long = await query({ topicFilter: 'x'.repeat(65_536) }).catch((error: Error) => error)
  expect(long).toMatchObject({ reason: 'TOPIC_FILTER_INVALID' })
  expect((long as Error).message.length).toBeLessThan(300)
})

test('Q10 Q11 what to look for', async () => {
  const { query } = await served(onTestFinished)
  expect(await outcomeOf(query({ payloadContains: Buffer.from(megabyte) }))).toBe(invalid('PAYLOAD_CONTAINS_TOO_LONG'))
  const huge = Buffer.alloc(5 * 1024 * 1024)
  expect(await outcomeOf(query({ payloadContains: huge }))).toMatch(/^RESOURCE_EXHAUSTED/)
  const userProperties = Array.from({ length: 1_000 }, () => ({ name: 'k', value: 'v' }))
  expect(await outcomeOf(query({ userProperties }))).toBe(invalid('TOO_MANY_USER_PROPERTIES'))
  expect(await outcomeOf(query({ publisherClientId: 'x'.repeat(70_000) }))).toBe(invalid('TEXT_TOO_LONG'))
})

test('Q12 message ids', async () => {
  const { client } = await served(onTestFinished)
  const get = (messageId: string) => outcomeOf(client.getMessage({ messageId, view: 0 }))
  for (const messageId of ['7-', '99999-0', '-1-5', '0-1 ', '00-1', '', megabyte]) {
    expect(await get(messageId)).toBe(invalid('MESSAGE_ID_INVALID'))
  }
  expect([await get('500-0'), await get('0-99999')]).toEqual(['NOT_FOUND NEVER_STORED', 'NOT_FOUND NEVER_STORED'])
})

test('Q13 many queries at once are served, or told when to come again', async () => {
  const { query } = await served(onTestFinished)
  const outcomes = await Promise.all(Array.from({ length: 200 }, () => outcomeOf(query({}))))
  const kinds = new Set(outcomes)
  kinds.delete('OK')
  kinds.delete('RESOURCE_EXHAUSTED TOO_MANY_QUERIES')
  expect([...kinds]).toEqual([])
  expect(await outcomeOf(query({}))).toBe('OK')
})

test('Q15 Q16 replays that never read, and more than there is room for', async () => {
  const { owners, replay } = await served(onTestFinished)
  for (let i = 0; i < 3_000; i++) owners.publish(`t/${i % 9}`, 'x')
  const gone = new AbortController()
  const outcomes: Promise<string>[] = []
  for (let i = 0; i < 1_000; i++) {
    const iterator = replay({ follow: true, start: undefined }, gone.signal)[Symbol.asyncIterator]()
    outcomes.push(outcomeOf(iterator.next()))
  }
  const tally = new Map<string, number>()
  for (const outcome of await Promise.all(outcomes)) tally.set(outcome, (tally.get(outcome) ?? 0) + 1)
  expect(tally.get('OK')).toBe(200)
  expect(tally.get('RESOURCE_EXHAUSTED TOO_MANY_REPLAYS')).toBe(800)
  gone.abort()
  await expect.poll(() => outcomeOf(replay({})[Symbol.asyncIterator]().next())).toBe('OK')
}, 30_000)

test('Q17 Q18 where a replay begins', async () => {
  const { replay } = await served(onTestFinished)
  const first = (fields: Partial<messaging.ReplayMessagesRequest>) =>
    outcomeOf(replay(fields)[Symbol.asyncIterator]().next())
  const whole = encodeCursor(
    new Map([
      [0, 1],
      [1, 1],
      [2, 1],
    ]),
  )
  const starts = [
    '',
    'AAAA',
    whole.slice(0, -3),
    encodeCursor(new Map([[1, 0]])),
    encodeCursor(
      new Map([
        [0, 1e9],
        [1, 1e9],
        [2, 1e9],
      ]),
    ),
  ]
  for (const cursor of starts) expect(await first({ start: cursored(cursor) })).toBe(invalid('CURSOR_INVALID'))
  expect(await first({ start: cursored(whole) })).toBe('OK')
  expect(await first({ start: { at: { $case: 'anchor', value: RESUME } } })).toBe(invalid('ANCHOR_INVALID'))
  const future = { at: { $case: 'time', value: at(4_000_000_000) } as const }
  expect(await first({ start: future, endTime: at(3_000_000_000) })).toBe(invalid('TIME_RANGE_INVALID'))
  const responses: messaging.ReplayMessagesResponse[] = []
  for await (const response of replay({ start: future })) responses.push(response)
  expect(responses).toMatchObject([{ messages: [], caughtUp: true }])
})

test('Q21 Q22 topics', async () => {
  const { tree } = await served(onTestFinished)
  const search = (text: string) => outcomeOf(tree.searchTopics({ text, pageSize: 0 }))
  expect([await search(''), await search(megabyte)]).toEqual([invalid('FIELD_INVALID'), invalid('TEXT_TOO_LONG')])
  const list = (fields: Partial<topics.ListTopicChildrenRequest>) =>
    outcomeOf(tree.listTopicChildren(topics.ListTopicChildrenRequest.create(fields)))
  expect(await list({ orderBy: 'toString' })).toBe(invalid('FIELD_INVALID'))
  expect(await list({ pageSize: -5 })).toBe(invalid('PAGE_SIZE_INVALID'))
  expect(await list({ path: megabyte })).toBe(invalid('TEXT_TOO_LONG'))
  expect(await outcomeOf(tree.getTopic({ topic: 'a/+' }))).toBe(invalid('TOPIC_INVALID'))
})

test('Q23 retained messages', async () => {
  const { keeper } = await served(onTestFinished)
  expect(await outcomeOf(keeper.getRetained({ topic: 'a/#' }))).toBe(invalid('TOPIC_INVALID'))
  expect(await outcomeOf(keeper.getRetained({ topic: 'a' }))).toBe('NOT_FOUND NOT_RETAINED')
  const remove = (topicFilter: string) => outcomeOf(keeper.deleteRetained({ topicFilter, validateOnly: false }))
  expect([await remove(''), await remove('a/#/b')]).toEqual([invalid('FIELD_INVALID'), invalid('TOPIC_FILTER_INVALID')])
  const set = (fields: Partial<message.Message>) =>
    outcomeOf(keeper.setRetained(retained.SetRetainedRequest.create({ message: message.Message.create(fields) })))
  expect(await set({ topic: '$SYS/a', payload: Buffer.from('x') })).toBe(invalid('TOPIC_RESERVED'))
  expect(await set({ topic: 'a' })).toBe(invalid('FIELD_INVALID'))
  expect(await outcomeOf(keeper.setRetained(retained.SetRetainedRequest.create({})))).toBe(invalid('FIELD_INVALID'))
})

test('Q24 resend', async () => {
  const { owners, resend } = await served(onTestFinished)
  expect(await outcomeOf(resend({}))).toBe(invalid('FIELD_INVALID'))
  expect(await outcomeOf(resend({ messageIds: Array(1_000).fill('0-0') }))).toBe(invalid('FIELD_INVALID'))
  expect(await outcomeOf(resend({ messageIds: ['0-0'], topic: 'a/+' }))).toBe(invalid('TOPIC_INVALID'))
  expect(await outcomeOf(resend({ messageIds: ['0-9999'] }))).toBe('NOT_FOUND NEVER_STORED')
  const stored = owners.logs.flat().length
  const { results } = await resend({ messageIds: ['0-0', '0-9999', '0-0'], topic: 'again' })
  expect(results.map(({ outcome }) => outcome?.$case)).toEqual(['receipt', 'error', 'receipt'])
  expect(owners.logs.flat()).toHaveLength(stored + 2)
})
