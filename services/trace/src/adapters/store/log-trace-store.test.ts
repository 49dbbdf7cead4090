import { expect, test } from 'vitest'
import { viewOf } from '../../core/spans/trace-view.ts'
import { ternTraceOf } from '../../core/story/tern-trace.ts'
import { compileQuery } from '../../core/traceql/evaluate.ts'
import { hintsOf } from '../../core/traceql/hints.ts'
import { parseQuery } from '../../core/traceql/parse.ts'
import { aSpan, aTrace } from '../../testing/spans.ts'
import { ids, storeWorld } from './store.fixture.ts'

type World = Awaited<ReturnType<typeof storeWorld>>

const { signal } = new AbortController()
const base = 1_700_000_000_000_000
const all = { start: 0n, end: 2n ** 62n }

/** Ids of the traces that match, as a search finds them. */
async function search({ store }: World, text: string, range = all): Promise<string[]> {
  const query = parseQuery(text)
  const matches = compileQuery(query)
  const found: string[] = []
  for await (const { traces } of store.search({ range, hints: hintsOf(query) }, signal)) {
    found.push(...traces.filter((trace) => matches(viewOf(trace)!).length > 0).map(({ id }) => id))
  }
  return found
}

const traceOf = async ({ store }: World, queue: number, position: number) => {
  const [story] = await store.stories.of(queue, new Set([position]))
  return story && ternTraceOf(story)
}

test('a message and what proxies tell of it is one trace, from the publish to each acknowledgement', async () => {
  const world = await storeWorld()
  const position = await world.publish(1, { topic: 'a/b', payload: 'hello', retain: true })
  await world.tell(1, [
    {
      kind: 'published',
      position,
      startUs: base,
      middleUs: base + 3_000,
      endUs: base + 3_100,
      client: 'pub',
      name: 'a/b',
    },
  ])
  const other = { zone: 'az-b', proxy: 2 }
  await world.tell(1, [{ kind: 'acked', position, startUs: base + 4_000, endUs: base + 9_000, name: 'a/+' }], other)
  const trace = await traceOf(world, 1, position)
  expect(trace!.spans.map(({ name, service, zone, critical }) => [name, service, zone, critical])).toEqual([
    ['publish', 'tern-proxy', 'az-a', true],
    ['authorize', 'tern-proxy', 'az-a', false],
    ['route', 'tern-proxy', 'az-a', false],
    ['forward', 'tern-proxy', 'az-a', true],
    ['append', 'tern-broker', '', true],
    ['send tern.messages', 'tern-broker', '', true],
    ['deliver a/+', 'tern-proxy', 'az-b', true],
    ['ack', 'tern-proxy', 'az-b', true],
  ])
  expect(trace).toMatchObject({
    messageId: `1-${position}`,
    traceId: ids.traceIdOf(1, position),
    durationNano: 9_000_000,
    deliveries: { total: 1, acked: 1, pending: 0, failed: 0, p50: { seconds: 0, nanos: 9_000_000 } },
  })
  expect(trace!.spans[0]!.attributes).toMatchObject({
    'messaging.client.id': 'pub',
    'messaging.destination.name': 'a/b',
    'messaging.message.body.size': '5',
    'messaging.mqtt.retain': 'true',
  })
  const resources = await world.store.trace(ids.traceIdOf(1, position), signal)
  expect(resources).toHaveLength(3)
  expect(viewOf({ id: trace!.traceId, resourceSpans: resources })!.spans).toHaveLength(8)
})

test('without a word of the ledger the publish half is there all the same, from the record', async () => {
  const world = await storeWorld()
  const position = await world.publish(0, { topic: 'will/x' })
  const trace = await traceOf(world, 0, position)
  expect(trace!.spans.map(({ name }) => name)).toContain('send tern.messages')
  expect(trace!.durationNano).toBe(1_000_000)
  expect(await traceOf(world, 0, position + 1)).toBeUndefined()
})

test('a block that stands in the log twice changes nothing', async () => {
  const world = await storeWorld()
  const position = await world.publish(0, { topic: 't' })
  const entries = [
    { kind: 'published', position, startUs: base, client: 'pub', name: 't' },
    { kind: 'pending', position, startUs: base + 1, endUs: base + 5 },
    { kind: 'acked', position, startUs: base + 1, endUs: base + 9 },
  ] as const
  await world.tell(0, entries)
  const before = await traceOf(world, 0, position)
  await world.tell(0, entries)
  expect(await traceOf(world, 0, position)).toEqual(before)
})

test('attempts, an interruption and the end are one delivery with its events; the last word counts', async () => {
  const world = await storeWorld()
  const position = await world.publish(0, { topic: 't' })
  await world.tell(0, [
    { kind: 'waiting', position, startUs: base, reason: 'the client does not read' },
    { kind: 'pending', position, startUs: base + 10, endUs: base + 2_000 },
    { kind: 'interrupted', position, startUs: base + 10, endUs: base + 3_000, reason: 'the connection ended' },
  ])
  await world.tell(0, [
    { kind: 'refused', position, startUs: base + 5_000, endUs: base + 6_000, attempt: 2, code: 0x97 },
  ])
  const trace = await traceOf(world, 0, position)
  const deliver = trace!.spans.find(({ name }) => name === 'deliver f/#')
  expect(deliver).toMatchObject({ status: 'error', statusMessage: 'refused with reason code 0x97' })
  expect(deliver!.events.map(({ name }) => name)).toEqual([
    ...['waiting', 'written', 'written', 'interrupted', 'redelivered', 'refused'],
  ])
  expect(trace!.deliveries).toMatchObject({ total: 1, failed: 1, acked: 0 })
})

test('of very many deliveries failed and slow ones are shown, and the rest is counted', async () => {
  const world = await storeWorld()
  const position = await world.publish(0, { topic: 't' })
  const many = Array.from({ length: 3_000 }, (_, i) => ({
    ...({ kind: i === 17 ? 'expired' : 'acked', position, startUs: base, endUs: base + i, client: `c${i}` } as const),
  }))
  await world.tell(0, many)
  const trace = await traceOf(world, 0, position)
  expect(trace!.spans.length).toBeLessThanOrEqual(1_000)
  expect(trace!.deliveries).toMatchObject({ total: 3_000, acked: 2_999, failed: 1 })
  expect(trace!.folded + trace!.spans.filter(({ name }) => name.startsWith('deliver')).length).toBe(3_000)
  const shown = trace!.spans.map(({ attributes }) => attributes['messaging.client.id'])
  expect(shown).toEqual(expect.arrayContaining(['c17', 'c2999']))
})

test('what a proxy lost makes the traces of these positions incomplete', async () => {
  const world = await storeWorld()
  const position = await world.publish(0, { topic: 't' })
  await world.tell(0, [], { lost: { count: 3, first: 0, last: position } })
  expect((await traceOf(world, 0, position))!.incomplete).toBe(true)
})

test('a search finds by client, topic, filter, message, status and spans of others, newest first', async () => {
  const world = await storeWorld({ stretchBytes: 1 })
  const made: string[] = []
  for (let i = 0; i < 6; i++) {
    const queue = i % 2
    const position = await world.publish(queue, { topic: `t/${i}`, clientId: `pub-${i}` })
    const at = base + i * 1_000
    await world.tell(queue, [{ kind: 'published', position, startUs: at, client: `pub-${i}`, name: `t/${i}` }])
    const kind = i === 4 ? 'expired' : 'acked'
    await world.tell(queue, [{ kind, position, startUs: at + 1, endUs: at + 2, client: `sub-${i}`, name: `t/${i}/#` }])
    made.push(ids.traceIdOf(queue, position))
  }
  expect(await search(world, '{}')).toEqual(made.toReversed())
  expect(await search(world, '{span.messaging.client.id="pub-2"}')).toEqual([made[2]])
  expect(await search(world, '{.messaging.client.id="sub-3"}')).toEqual([made[3]])
  expect(await search(world, '{span.messaging.destination.name="t/1"}')).toEqual([made[1]])
  expect(await search(world, '{span.messaging.destination.subscription.name="t/5/#"}')).toEqual([made[5]])
  expect(await search(world, '{span.messaging.message.id="0-1"}')).toEqual([made[2]])
  expect(await search(world, '{status=error}')).toEqual([made[4]])
  // Two conditions that different processes told of.
  const both = '{span.messaging.client.id="pub-2"} && {span.messaging.client.id="sub-2"}'
  expect(await search(world, both)).toEqual([made[2]])
  expect(await search(world, '{span.messaging.client.id="nobody"}')).toEqual([])
  const later = { start: BigInt(base + 3_500) * 1000n, end: all.end }
  expect(await search(world, '{}', later)).toEqual([made[5], made[4]])
})

test('of a pattern of topics only those messages are put together that have such a topic, or share their trace', async () => {
  const world = await storeWorld()
  const context = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
  const userProperties = [{ name: 'traceparent', value: `00-${context.traceId}-${context.spanId}-01` }]
  const made: string[] = []
  for (const [i, topic] of ['plant/1', 'plant/2', 'office', 'plant/3'].entries()) {
    const isShared = i >= 2
    const position = await world.publish(0, { topic, ...(isShared && { userProperties }) })
    const at = base + i * 1_000
    const ofTrace = isShared ? { context } : {}
    await world.tell(0, [{ kind: 'published', position, startUs: at, client: 'pub', name: topic, ...ofTrace }])
    made.push(isShared ? context.traceId : ids.traceIdOf(0, position))
  }
  const query = '{ span.messaging.destination.name =~ "plant/[23]" }'
  const looked: string[] = []
  for await (const { traces } of world.store.search({ range: all, hints: hintsOf(parseQuery(query)) }, signal)) {
    looked.push(...traces.map(({ id }) => id))
  }
  expect(looked).toEqual([context.traceId, made[1]])
  expect(await search(world, query)).toEqual([context.traceId, made[1]])
  // The one message of the trace lies in the range, the other one has the topic.
  const early = { start: all.start, end: BigInt(base + 2_500) * 1000n }
  expect(await search(world, '{ span.messaging.destination.name =~ "plant/3" }', early)).toEqual([context.traceId])
})

test('spans of others are kept, found by their ids and by what they say, and stand beside a message of their trace', async () => {
  const world = await storeWorld()
  const foreign = aTrace('0af7651916cd43dd8448eb211c80319c', 'thermometer', [aSpan('read sensor')])
  expect(await world.sink.offer([foreign])).toEqual({ taken: true })
  await world.settled()
  expect(await world.store.trace(foreign.id, signal)).toHaveLength(foreign.resourceSpans.length)
  const context = { traceId: foreign.id, spanId: 'b7ad6b7169203331' }
  const traceparent = { name: 'traceparent', value: `00-${context.traceId}-${context.spanId}-01` }
  const position = await world.publish(0, { topic: 't', userProperties: [traceparent] })
  await world.tell(0, [{ kind: 'published', position, startUs: base, client: 'pub', name: 't', context }])
  const whole = viewOf({ id: foreign.id, resourceSpans: await world.store.trace(foreign.id, signal) })
  expect(whole!.spans.map(({ service }) => service)).toEqual(expect.arrayContaining(['tern-proxy']))
  expect(await search(world, '{span.messaging.client.id="pub"}')).toEqual([foreign.id])
})

test('a service that begins anew knows the same, from the log alone', async () => {
  const world = await storeWorld()
  const position = await world.publish(0, { topic: 't' })
  await world.tell(0, [{ kind: 'acked', position, startUs: base, endUs: base + 5 }])
  const again = await storeWorld({ log: world.log })
  expect(await traceOf(again, 0, position)).toEqual(await traceOf(world, 0, position))
})
