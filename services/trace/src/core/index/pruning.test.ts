import { entryKind, type LedgerEntry, nameHash } from '@tern/record'
import { expect, test } from 'vitest'
import { hintsOf } from '../traceql/hints.ts'
import { parseQuery } from '../traceql/parse.ts'
import { pruningOf } from './pruning.ts'
import { Stretch } from './stretch.ts'

const entry = (shape: Partial<LedgerEntry>): LedgerEntry => ({
  ...{
    kind: entryKind.acked,
    position: 1,
    qos: 1,
    startUs: 0,
    middleUs: 0,
    endUs: 10,
    clientId: 'app-1',
    name: 'plant/+',
  },
  ...{ topicHash: 0, attempt: 1, code: 0, reason: '', context: undefined },
  ...shape,
})

const takes = (query: string, shape: Partial<LedgerEntry>) =>
  pruningOf(hintsOf(parseQuery(query))).takesEntry(entry(shape))

test.each([
  ['{ span.messaging.client.id = "app-1" }', {}, true],
  ['{ span.messaging.client.id = "app-2" }', {}, false],
  ['{ span.messaging.client.id =~ "app-.*" }', {}, true],
  ['{ span.messaging.client.id =~ "app" }', {}, false],
  ['{ .messaging.client.id =~ "car-.*" }', { clientId: 'car-7', kind: entryKind.published }, true],
  ['{ span.messaging.client.id !~ "app-.*" }', {}, true],
  ['{ duration > 1s }', { endUs: 999_999 }, false],
  ['{ duration >= 1s }', { endUs: 1_000_000 }, true],
  ['{ duration < 1s }', { endUs: 2_000_000 }, true],
  // An hour in a queue, and a millisecond on the wire: told of in two entries.
  ['{ duration > 1s }', { kind: entryKind.waiting }, true],
  ['{ duration > 1s }', { kind: entryKind.interrupted }, true],
  ['{ duration > 1s }', { attempt: 2 }, true],
  // How long a trace is no entry knows.
  ['{ traceDuration > 1s }', {}, true],
  ['{ kind = consumer }', { kind: entryKind.dropped }, true],
  ['{ kind = consumer }', { kind: entryKind.published }, false],
  ['{ status = error }', { kind: entryKind.expired }, true],
  ['{ status = error }', {}, false],
  ['{ duration > 1s } || { kind = consumer }', {}, true],
  ['{ kind = consumer && span.messaging.client.id = "app-2" }', {}, false],
])('%s of %j: %s', (query, shape, taken) => {
  expect(takes(query, shape)).toBe(taken)
})

test('a stretch is passed over by the names in it', () => {
  const stretch = new Stretch(0, 0)
  stretch.add(0, 100, { fromUs: 0, toUs: 1, hasFailure: false, groups: [], nameHashes: [nameHash('car-7')] })
  const mayHave = (query: string) => pruningOf(hintsOf(parseQuery(query))).mayHave(stretch)
  expect(mayHave('{ span.messaging.client.id = "car-7" && duration > 1s }')).toBe(true)
  expect(mayHave('{ span.messaging.client.id = "car-8" }')).toBe(false)
  expect(mayHave('{ span.messaging.client.id = "car-8" } || { duration > 1s }')).toBe(true)
  expect(mayHave('{ status = error }')).toBe(false)
})

test('a pattern of topics is asked of messages, unless something else may match as well', () => {
  const topicsOf = (query: string) => pruningOf(hintsOf(parseQuery(query))).takesTopic
  const takesTopic = topicsOf('{ span.messaging.destination.name =~ "a/.*" } || { .messaging.destination.name =~ "b" }')
  expect(['a/1', 'b', 'b/1', 'c'].map((topic) => takesTopic?.(topic))).toEqual([true, true, false, false])
  expect(topicsOf('{ span.messaging.destination.name =~ "a/.*" } || { name = "mine" }')).toBeUndefined()
  // Whatever leaves less is looked for in its place.
  expect(topicsOf('{ span.messaging.destination.name =~ "a/.*" && status = error }')).toBeUndefined()
})

test('a trace is as long as from its publishing to its last delivery', () => {
  const { takesPart } = pruningOf(hintsOf(parseQuery('{ traceDuration > 1s }')))
  expect(takesPart({ fromUs: 0, toUs: 900_000, isFromStart: true })).toBe(false)
  expect(takesPart({ fromUs: 0, toUs: 1_000_000, isFromStart: true })).toBe(true)
  // Published in another stretch, nobody knows here how long ago.
  expect(takesPart({ fromUs: 0, toUs: 5, isFromStart: false })).toBe(true)
})
