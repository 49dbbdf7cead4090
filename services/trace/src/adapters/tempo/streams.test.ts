import { tempopb } from '@tern/proto'
import { expect, test } from 'vitest'
import { SpanMetrics } from '../../core/span-metrics/span-metrics.ts'
import { MemoryStore } from '../../testing/memory-store.ts'
import { aSpan, aTrace, testsBegin } from '../../testing/spans.ts'
import { TempoProblem } from './problem.ts'
import { createTempo } from './tempo.ts'

const seconds = Number(testsBegin / 1_000_000_000n)
const id = `${'0'.repeat(30)}ab`
const store = new MemoryStore([
  aTrace(id, 'mqtt-proxy', [aSpan('publish', { kind: 2, attributes: { 'messaging.client.id': 'car-7' } })]),
])
const now = () => (seconds + 60) * 1000
const tempo = createTempo({ store, now, isReady: () => true, spanMetrics: new SpanMetrics() })
const { signal } = new AbortController()
async function all<Message>(messages: AsyncIterable<Message>): Promise<Message[]> {
  const found: Message[] = []
  for await (const message of messages) found.push(message)
  return found
}
const { streams } = tempo

test('names and values of tags also come as streams of one message', async () => {
  const [tags] = await all(streams.searchTagsV2(tempopb.SearchTagsRequest.fromPartial({ scope: 'span' }), signal))
  expect(tags?.scopes).toEqual([{ name: 'span', tags: ['messaging.client.id'] }])
  const [names] = await all(streams.searchTags(tempopb.SearchTagsRequest.fromPartial({ scope: 'resource' }), signal))
  expect(names?.tagNames).toEqual(['service.name'])
  const question = tempopb.SearchTagValuesRequest.fromPartial({ tagName: 'span.messaging.client.id' })
  const [values] = await all(streams.searchTagValuesV2(question, signal))
  expect(values?.tagValues).toEqual([{ type: 'string', value: 'car-7' }])
  const [texts] = await all(streams.searchTagValues(question, signal))
  expect(texts?.tagValues).toEqual(['car-7'])
})

test('what is counted over time comes as a stream of one message, with times in nanoseconds', async () => {
  const range = { query: '{} | count_over_time()', start: testsBegin, end: testsBegin + 9_000_000_000n }
  const [line] = await all(
    streams.metricsQueryRange(tempopb.QueryRangeRequest.fromPartial({ ...range, step: 10_000_000_000n }), signal),
  )
  expect(line?.series[0]?.samples).toEqual([{ timestampMs: testsBegin / 1_000_000n, value: 1 }])
  const [number] = await all(streams.metricsQueryInstant(tempopb.QueryInstantRequest.fromPartial(range), signal))
  expect(number?.series[0]?.value).toBe(1)
})

test('a refusal of a stream has the words that the path has', async () => {
  const backwards = tempopb.QueryInstantRequest.fromPartial({ query: '{} | rate()', start: 2n, end: 1n })
  await expect(all(streams.metricsQueryInstant(backwards, signal))).rejects.toThrow(TempoProblem)
  const greedy = tempopb.SearchRequest.fromPartial({ Query: '{}', Limit: 1_000_000_000 })
  await expect(all(streams.search(greedy, signal))).rejects.toThrow('give a number from 1 to 10000')
  await expect(all(streams.search(tempopb.SearchRequest.fromPartial({ Query: '{' }), signal))).rejects.toThrow(
    'line 1, col 2',
  )
})

test('whoever accepts protobuf gets a search in protobuf', async () => {
  const query = new URLSearchParams({ q: '{}', start: `${seconds - 1}`, end: `${seconds + 1}` })
  const { contentType, body } = await tempo.answer(
    { method: 'GET', path: '/api/search', query, accept: 'application/protobuf' },
    signal,
  )
  expect(contentType).toBe('application/protobuf')
  expect(tempopb.SearchResponse.decode(body as Uint8Array).traces.map(({ traceID }) => traceID)).toEqual([id])
})
