import { parser } from '@grafana/lezer-traceql'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { parseSyntax } from './parse.ts'
import { QueryProblem } from './syntax.ts'

// Much work on a machine that may have other work.
vi.setConfig({ testTimeout: 60_000 })

/** Grafana's editor: a query without an error in its tree is one that it sends. */
function grafanaTakes(query: string): boolean {
  let errors = 0
  parser.parse(query).iterate({
    enter: ({ type }) => {
      if (type.isError) errors += 1
    },
  })
  return errors === 0
}

function wordsOf(query: string): string | undefined {
  try {
    parseSyntax(query)
    return undefined
  } catch (problem) {
    if (problem instanceof QueryProblem) return problem.message
    throw problem
  }
}

const { letrec, constantFrom, oneof, tuple, array } = fc
const attribute = constantFrom(
  '.a',
  'span.b',
  'resource.service.name',
  'event.c',
  'link.d',
  'span."a b"',
  'instrumentation.e',
)
const intrinsic = constantFrom(
  'name',
  'status',
  'duration',
  'kind',
  'rootName',
  'traceDuration',
  'span:id',
  'trace:id',
  'event:name',
)
const value = constantFrom(
  '"x"',
  '`y`',
  '1',
  '1.5',
  'true',
  'false',
  '10ms',
  '1.5s',
  'error',
  'ok',
  'unset',
  'server',
  'consumer',
  'nil',
)
const comparison = constantFrom('=', '!=', '>', '>=', '<', '<=')
const related = constantFrom('>', '>>', '<', '<<', '~', '!>', '!>>', '!<', '!<<', '!~', '&>', '&>>', '&<', '&<<', '&~')

/** Queries of phases 1 and 2. */
const { query } = letrec<{ field: string; spans: string; stage: string; query: string }>((tie) => ({
  field: oneof(
    { maxDepth: 4 },
    tuple(oneof(attribute, intrinsic), comparison, value).map((parts) => parts.join(' ')),
    tuple(oneof(attribute, intrinsic), comparison, value).map((parts) => parts.join('')),
    tuple(oneof(attribute, intrinsic), constantFrom('=~', '!~'), constantFrom('"a|b"', '".*"')).map((parts) =>
      parts.join(' '),
    ),
    tuple(tie('field'), constantFrom('&&', '||'), tie('field')).map(([a, sign, b]) => `${a} ${sign} ${b}`),
    tie('field').map((field) => `(${field})`),
    tie('field').map((field) => `!(${field})`),
  ),
  spans: oneof(
    { maxDepth: 3 },
    tie('field').map((field) => `{ ${field} }`),
    fc.constant('{}'),
    tuple(tie('spans'), oneof(constantFrom('&&', '||'), related), tie('spans')).map((parts) => parts.join(' ')),
    tie('spans').map((spans) => `(${spans})`),
  ),
  stage: oneof(
    tuple(
      constantFrom('count()', 'avg(duration)', 'max(span.b)', 'min(.a)', 'sum(.a)'),
      comparison,
      constantFrom('1', '2.5', '10ms'),
    ).map((parts) => parts.join(' ')),
    array(oneof(attribute, intrinsic), { minLength: 1, maxLength: 3 }).map((names) => `select(${names.join(', ')})`),
    oneof(attribute, intrinsic).map((name) => `by(${name})`),
    tie('spans'),
  ),
  query: tuple(tie('spans'), array(tie('stage'), { maxLength: 3 })).map(([spans, stages]) =>
    [spans, ...stages].join(' | '),
  ),
}))

test('what the editor of Grafana takes of phases 1 and 2, we take', () => {
  fc.assert(
    fc.property(query, (text) => {
      fc.pre(grafanaTakes(text))
      expect(wordsOf(text)).toBeUndefined()
    }),
    { numRuns: 2_000 },
  )
})

test('the generated queries are queries to the editor too', () => {
  const rejected = fc.sample(query, { numRuns: 500, seed: 1 }).filter((text) => !grafanaTakes(text))
  expect(rejected).toEqual([])
})

/** One character lost, doubled or put in. */
const damaged = tuple(
  query,
  fc.nat(),
  constantFrom('', '{', '}', '(', ')', '=', '&', '|', '"', '!', '~', '>', ','),
).map(([text, at, put]) => `${text.slice(0, at % text.length)}${put}${text.slice((at % text.length) + 1)}`)

/** `.5` and `1.` are numbers to Tempo and to us; the editor does not know them. */
const numberOfTempo = /\W\.\d|\d\.(?!\d)/

test('what the editor marks as wrong, we do not take', () => {
  const taken = fc
    .sample(damaged, { numRuns: 20_000, seed: 1 })
    .filter((text) => !grafanaTakes(text) && wordsOf(text) === undefined)
    .filter((text) => !numberOfTempo.test(text))
  expect(taken).toEqual([])
})

test('whatever the text, it is a query or there are words for why not', () => {
  fc.assert(
    fc.property(oneof(fc.string({ maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 50 }), damaged), (text) => {
      expect(wordsOf(text)).not.toBe('')
    }),
    { numRuns: 3_000 },
  )
})
