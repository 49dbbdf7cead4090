import { message, messaging } from '@tern/proto'
import { expect, test } from 'vitest'
import { type Looking, queryAll, replayAll } from './looking-back.ts'

const stored = (...ids: string[]) => ids.map((messageId) => message.Message.fromPartial({ messageId }))

/** Answers that were made in advance, and what was asked. */
function region(
  pages: Partial<messaging.QueryMessagesResponse>[],
  answers: Partial<messaging.ReplayMessagesResponse>[],
) {
  const asked: (messaging.QueryMessagesRequest | messaging.ReplayMessagesRequest)[] = []
  const looking: Looking = {
    get: async () => ({ message: undefined }),
    async query(request) {
      asked.push(request)
      return messaging.QueryMessagesResponse.fromPartial(pages.shift() ?? {})
    },
    async *replay(request) {
      asked.push(request)
      for (const each of answers) yield messaging.ReplayMessagesResponse.fromPartial(each)
    },
  }
  return { looking, asked }
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const seen: Item[] = []
  for await (const item of items) seen.push(item)
  return seen
}

test('a query goes from page to page, past those that hold nothing', async () => {
  const { looking, asked } = region(
    [{ messages: stored('1'), nextPageToken: 'a' }, { nextPageToken: 'b' }, { messages: stored('2') }],
    [],
  )
  const from = new Date('2026-01-02T03:04:05.678Z')
  const found = await all(queryAll(looking, 'a/#', { from, publisher: 'p', contains: 'x' }))
  expect(found.map(({ messageId }) => messageId)).toEqual(['1', '2'])
  expect(asked).toMatchObject([
    {
      ...{ topicFilter: 'a/#', publisherClientId: 'p', pageToken: '', payloadContains: Buffer.from('x') },
      startTime: { seconds: 1_767_323_045, nanos: 678e6 },
    },
    { pageToken: 'a' },
    { pageToken: 'b' },
  ])
})

test('who stops asking gets no further page', async () => {
  const { looking, asked } = region([{ messages: stored('1', '2'), nextPageToken: 'a' }], [])
  for await (const _ of queryAll(looking, '', {})) break
  expect(asked).toHaveLength(1)
})

test('a replay gives its cursor with the last message of each answer', async () => {
  const { looking, asked } = region(
    [],
    [{ messages: stored('1', '2'), cursor: 'c1' }, { cursor: 'c2' }, { messages: stored('3'), cursor: 'c3' }],
  )
  const seen = await all(replayAll(looking, 'a', { start: { cursor: 'c0' }, follow: true }))
  expect(seen.map(({ message: { messageId }, cursor }) => [messageId, cursor])).toEqual([
    ['1', undefined],
    ['2', 'c1'],
    ['3', 'c3'],
  ])
  expect(asked[0]).toMatchObject({ follow: true, start: { at: { $case: 'cursor', value: 'c0' } } })
})
