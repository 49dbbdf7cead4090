import { expect, test } from 'vitest'
import { aSpan, aTrace } from '../../testing/spans.ts'
import { viewOf } from '../spans/trace-view.ts'
import { compileQuery } from './evaluate.ts'
import { hintsOf } from './hints.ts'
import { parseQuery } from './parse.ts'

/** A message: published, appended, delivered twice, one delivery of which failed. */
const trace = viewOf(
  aTrace(`${'0'.repeat(31)}1`, 'mqtt-proxy', [
    aSpan('publish', {
      kind: 2,
      milliseconds: [0, 10],
      attributes: { 'messaging.client.id': 'car-7', qos: 1, ratio: 0.5, tags: ['a', 'b'] },
    }),
    aSpan('append', {
      kind: 2,
      parent: 'publish',
      milliseconds: [2, 8],
      attributes: { 'messaging.client.id': 'car-7' },
    }),
    aSpan('deliver', {
      kind: 5,
      parent: 'append',
      milliseconds: [8, 9],
      attributes: { 'messaging.client.id': 'app-1', retained: true },
    }),
    aSpan('deliver-2', {
      kind: 5,
      parent: 'append',
      milliseconds: [8, 1508],
      attributes: { 'messaging.client.id': 'app-2' },
      status: [2, 'offline'],
      events: [{ name: 'queued', millisecond: 9, attributes: { 'exception.message': 'gone' } }],
    }),
  ]),
)!

const names = (query: string) =>
  compileQuery(parseQuery(query))(trace).map(({ spans }) => spans.map(({ span }) => span.name).join(' '))

test.each([
  ['{}', ['publish append deliver deliver-2']],
  ['{ name = "publish" }', ['publish']],
  ['{ "publish" = name }', ['publish']],
  ['{ status = error }', ['deliver-2']],
  ['{ status != error && kind = consumer }', ['deliver']],
  ['{ statusMessage = "offline" }', ['deliver-2']],
  ['{ duration > 1s }', ['deliver-2']],
  ['{ 1.5s <= duration }', ['deliver-2']],
  ['{ span:duration > 5ms && span:duration < 1s }', ['publish append']],
  ['{ .messaging.client.id = "car-7" }', ['publish append']],
  ['{ span.messaging.client.id =~ "app-.*" }', ['deliver deliver-2']],
  ['{ span.messaging.client.id =~ "app" }', []],
  ['{ span.messaging.client.id !~ "app-.*" }', ['publish append']],
  ['{ resource.service.name = "mqtt-proxy" && name = "append" }', ['append']],
  ['{ .service.name != "mqtt-proxy" }', []],
  ['{ span.qos = nil }', ['append deliver deliver-2']],
  ['{ span.qos != nil }', ['publish']],
  ['{ span.qos != 2 }', ['publish']],
  ['{ !(span.qos = 1) }', ['append deliver deliver-2']],
  ['{ span.qos + 1 = 2.0 }', ['publish']],
  ['{ span.ratio ^ 2 < 0.3 }', ['publish']],
  ['{ -span.qos = -1 }', ['publish']],
  ['{ span.retained }', ['deliver']],
  ['{ span.retained = true }', ['deliver']],
  ['{ span.tags = "b" }', ['publish']],
  ['{ span.tags != "b" }', []],
  ['{ event:name = "queued" }', ['deliver-2']],
  ['{ event.exception.message = "gone" }', ['deliver-2']],
  ['{ event:timeSinceStart = 1ms }', ['deliver-2']],
  ['{ nestedSetParent < 0 }', ['publish']],
  ['{ rootName = "publish" && name = "deliver" }', ['deliver']],
  ['{ trace:rootService = "mqtt-proxy" && traceDuration = 1508ms && span:childCount = 2 }', ['append']],
  ['{ trace:id = "00000000000000000000000000000001" && parent = nil }', ['publish']],
  ['{ parent.name = "publish" }', []],
  ['{ parent.span.qos = 1 }', ['append']],
  // `||` and `&&` bind alike, as in Tempo: (a or b) and c.
  ['{ name = "publish" || name = "deliver" && kind = consumer }', ['deliver']],
  ['{ name = "append" } && { status = error }', ['append deliver-2']],
  ['{ name = "append" } && { name = "none" }', []],
  ['{ name = "append" } || { name = "none" }', ['append']],
  ['{ name = "publish" } > { }', ['append']],
  ['{ name = "publish" } >> { kind = consumer }', ['deliver deliver-2']],
  ['{ status = error } < { }', ['append']],
  ['{ status = error } << { }', ['publish append']],
  ['{ status = error } ~ { }', ['deliver']],
  ['{ name = "publish" } !> { }', ['publish deliver deliver-2']],
  ['{ name = "publish" } !>> { }', ['publish']],
  ['{ name = "publish" } &>> { status = error }', ['publish deliver-2']],
  [
    '({ nestedSetParent<0 && true } &>> { status = error }) || ({ nestedSetParent<0 }) | select(status, name)',
    ['publish deliver-2'],
  ],
  ['{} | count() > 3', ['publish append deliver deliver-2']],
  ['{} | count() > 4', []],
  ['4 = count()', ['publish append deliver deliver-2']],
  ['{ kind = consumer } | avg(duration) > 700ms', ['deliver deliver-2']],
  ['{} | max(duration) - min(duration) >= 1s', ['publish append deliver deliver-2']],
  ['{} | sum(span.qos) = 1', ['publish append deliver deliver-2']],
  ['{} | avg(span.none) > 0', []],
  ['{} | by(span.messaging.client.id) | count() > 1', ['publish append']],
  ['{} | by(span.messaging.client.id) | { status = error }', ['deliver-2']],
  ['{} | by(kind) | coalesce()', ['publish append deliver deliver-2']],
  ['({ kind = consumer } | count() = 2) && ({ name = "append" } | count() = 1)', ['deliver deliver-2 append']],
  ['{ name = `publish` } // said raw', ['publish']],
  ['{ span."messaging.client.id" = "car-7" && name = "\\u0070ublish" }', ['publish']],
])('%s', (query, expected) => {
  expect(names(query)).toEqual(expected)
})

test.each([
  ['{}', [[]]],
  ['{ false }', []],
  ['{ nestedSetParent<0 && true }', [['nestedSetParent < 0']]],
  ['{ "a" = name && 5ms < duration }', [['name = a', 'duration > 5000000']]],
  [
    '{ (.a = 1 || .b = 2) && .c = 3 }',
    [
      ['a = 1', 'c = 3'],
      ['b = 2', 'c = 3'],
    ],
  ],
  ['{ .a = 1 || !(.b = 2) }', [[]]],
  ['{ .a = 1 } >> { .b = 2 }', [['a = 1', 'b = 2']]],
  ['{ .a = 1 } !>> { .b = 2 }', [['b = 2']]],
  ['{ .a = 1 } || { .b = 2 }', [['a = 1'], ['b = 2']]],
  ['{ .a = 1 } | count() > 1 | { .b = nil }', [['a = 1', 'b = nil']]],
])('a store may prune for %s by %j', (query, expected) => {
  const written = hintsOf(parseQuery(query)).alternatives.map((each) =>
    each.map(
      ({ attribute, operator, value }) => `${attribute.name} ${operator} ${'value' in value ? value.value : 'nil'}`,
    ),
  )
  expect(written).toEqual(expected)
})

test('what a query says of a store is true of each trace that matches it', () => {
  // Every query above: where it matches, some alternative holds in the trace.
  const holds = (query: string) =>
    hintsOf(parseQuery(query)).alternatives.some((each) =>
      each.every(({ attribute, operator, value }) => {
        const literal = { kind: 'literal', literal: value } as const
        const condition = {
          kind: 'binary',
          operator,
          left: { kind: 'attribute', attribute, ofParent: false },
          right: literal,
        } as const
        const filter = { kind: 'filter', expression: { kind: 'spans', filter: condition } } as const
        return compileQuery({ stages: [filter] })(trace).length > 0
      }),
    )
  for (const query of ['{ status = error } << { }', '{ span.qos + 1 = 2.0 }', '{ name = "publish" } !>> { }']) {
    expect(names(query)).not.toEqual([])
    expect(holds(query)).toBe(true)
  }
})
