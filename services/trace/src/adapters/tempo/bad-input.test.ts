import { once } from 'node:events'
import { connect } from 'node:net'
import { addressOf } from '@tern/runtime'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { SpanMetrics } from '../../core/span-metrics/span-metrics.ts'
import type { SearchRequest, SearchStep, TraceSpans, TraceStore } from '../../ports.ts'
import { GrafanaDouble, profiles } from '../../testing/grafana/double.ts'
import { overNetwork } from '../../testing/grafana/over-network.ts'
import { MemoryStore } from '../../testing/memory-store.ts'
import { aSpan, aTrace, testsBegin } from '../../testing/spans.ts'
import { startTempo } from './serve.ts'

// Much work on a machine that may have other work.
vi.setConfig({ testTimeout: 60_000 })

const seconds = Number(testsBegin / 1_000_000_000n)
let store: TraceStore = new MemoryStore()
const faults: unknown[] = []
let server: Awaited<ReturnType<typeof startTempo>>

beforeAll(async () => {
  const held: TraceStore = {
    trace: (...given) => store.trace(...given),
    search: (...given) => store.search(...given),
    tagNames: (...given) => store.tagNames(...given),
    tagValues: (...given) => store.tagValues(...given),
  }
  const fault = (error: unknown) => faults.push(error)
  server = await startTempo('127.0.0.1:0', {
    store: held,
    now: () => (seconds + 60) * 1000,
    isReady: () => true,
    spanMetrics: new SpanMetrics(),
    fault,
  })
})
afterAll(() => server.stop())

const id = '0'.repeat(31) + 1
beforeEach(() => {
  store = new MemoryStore([aTrace(id, 'mqtt-proxy', [aSpan('publish', { attributes: { note: 'a'.repeat(100_000) } })])])
})

async function get(path: string, method = 'GET') {
  const response = await fetch(`http://${server.address}${path}`, { method })
  return { status: response.status, text: await response.text() }
}
const search = (q: string, more = '') =>
  get(`/api/search?q=${encodeURIComponent(q)}&start=${seconds - 10}&end=${seconds + 10}${more}`)

/** The server answers others as before, and wrote down no fault of its own. */
async function lives(): Promise<void> {
  expect((await search('{}')).status).toBe(200)
  expect(faults).toEqual([])
}

test('T1: 10,000 clauses, and more than 128 KiB', async () => {
  const clauses = `{${Array.from({ length: 10_000 }, () => '.a=1').join('||')}}`
  expect(await search(clauses)).toMatchObject({
    status: 400,
    text: expect.stringContaining('more than 1000 operations'),
  })
  const long = `{.a="${'x'.repeat(128 * 1024)}"}`
  expect(await search(long)).toMatchObject({ status: 400, text: expect.stringContaining('131072 are the most') })
  const stages = `{} ${'| {} '.repeat(5_000)}`
  expect(await search(stages)).toMatchObject({ status: 400, text: expect.stringContaining('operations') })
  await lives()
})

test.each(['(', '!', '-', '(!-', '{(', '({', '.a^', '-('])('T2: 10,000 of %s inside each other', async (part) => {
  for (const query of [
    `{${part.repeat(10_000)}`,
    part.repeat(10_000),
    `{} | ${part.repeat(10_000)}`,
    `{${part.repeat(3_000)}.a${')'.repeat(3_000)}}`,
  ]) {
    expect((await search(query)).status).toBe(400)
  }
  await lives()
})

test('T2: what is nested as deep as may be is evaluated', async () => {
  expect((await search(`{${'!('.repeat(49)}name="x"${')'.repeat(49)}}`)).status).toBe(200)
  expect((await search(`{${Array.from({ length: 500 }, () => 'name="x"').join('||')}}`)).status).toBe(200)
})

test.each(['(a+)+$', '(a|a)*b', '(a|aa)+c', '(.*a){20}b', '(a?){300}a{300}'])(
  'T3: the pattern %s takes a time linear in the value',
  async (pattern) => {
    const begun = performance.now()
    expect(await search(`{ span.note =~ "${pattern}" }`)).toMatchObject({ status: 200 })
    expect(performance.now() - begun).toBeLessThan(30_000)
  },
)

test.each([
  ['(a{1000}){1000}', 'is no pattern'],
  ['((', 'is no pattern'],
  ['(?=a)', 'is no pattern'],
  ['x'.repeat(1_001), '1000 are the most'],
])('T3: the pattern %s is refused', async (pattern, words) => {
  expect(await search(`{ span.note =~ "${pattern}" }`)).toMatchObject({
    status: 400,
    text: expect.stringContaining(words),
  })
  await lives()
})

test.each([
  ['{ .a = "x', 'line 1, col 8: a string that does not end'],
  ['{ .a = `x', 'a string that does not end'],
  ['{ .a = "\\q" }', 'an escape that strings do not have'],
  ['{ .a = "\\Uffffffff" }', 'no character'],
  ['{} /* and', 'a comment that does not end'],
  [`{} ${'/*'.repeat(20_000)}`, 'a comment that does not end'],
  ['{', 'line 1, col 2: unexpected the end of the query'],
  ['{} | select(', 'unexpected the end of the query'],
  ['{\n  .a = 5parsecs }', 'line 2, col 8: a number with a unit that is none'],
  ['{ duration > 999999999999999h }', 'more than 285 years'],
  ['{ .a = # }', 'unexpected "#"'],
  ['{ .a = 🦊 }', 'unexpected "🦊"'],
  ['{ . = 1 }', 'an attribute without a name'],
  ['{} | topk(3)', 'unexpected "topk"'],
])('T4: %s', async (query, words) => {
  const { status, text } = await search(query)
  expect([status, text]).toEqual([400, expect.stringContaining(words)])
})

test.each([
  'limit=-1',
  'limit=1000000000',
  'limit=0',
  'limit=1e3',
  'limit=many',
  'limit=10001',
  'spss=1000000000',
  'spss=-1',
  `limit=${'9'.repeat(400)}`,
])('T5: %s', async (parameter) => {
  const { status, text } = await search('{}', `&${parameter}`)
  expect([status, text]).toEqual([400, expect.stringMatching(/^invalid (limit|spss): /)])
})

test.each([
  'start=20&end=10',
  'start=10&end=10',
  'start=-1',
  'end=18446744073709551616',
  'start=1.5',
  'start=now',
  'start=1&end=0x10',
])('T6: %s', async (range) => {
  for (const path of ['/api/search?q={}', '/api/v2/search/tags?x=', '/api/v2/search/tag/span.a/values?x=']) {
    expect((await get(`${path}&${range}`)).status).toBe(400)
  }
})

test('T6: times of what is counted', async () => {
  for (const range of ['start=20&end=10', 'start=yesterday', 'since=5parsecs', 'start=1e9', `end=${'9'.repeat(30)}`]) {
    expect((await get(`/api/metrics/query_range?q=${encodeURIComponent('{} | rate()')}&${range}`)).status).toBe(400)
  }
})

test.each([`${'a'.repeat(33)}`, 'xyz', '%2e%2e%2fetc', '0x12', 'a b', `${'f'.repeat(9_000)}`])(
  'T7: the trace id %s',
  async (given) => {
    for (const version of ['/api/traces/', '/api/v2/traces/']) {
      expect(await get(`${version}${given}`)).toMatchObject({
        status: 400,
        text: expect.stringContaining('1 to 32 hexadecimal digits'),
      })
    }
  },
)

test('T7: no trace id', async () => {
  for (const path of ['/api/traces/', '/api/v2/traces/']) expect((await get(path)).status).toBe(404)
})

test.each([
  'undefined',
  'span.undefined',
  `span.${'x'.repeat(10_000)}`,
  'span.a%2Fb',
  'span.a%25252Fb',
  '%zz',
  '%25zz',
  'span.%22',
  '%00',
])('T8: the tag %s', async (tag) => {
  const { status, text } = await get(`/api/v2/search/tag/${tag}/values`)
  expect([status, JSON.parse(text).tagValues]).toEqual([200, []])
})

test.each(
  [['{resource.x = }'], '{', 'nonsense', '}{', '"', '{ .a =~ "(" }', '('.repeat(5_000), '{.a= && '.repeat(2_000)].map(
    (each, index) => [index, `${each}`] as const,
  ),
)('T9: values for unfinished text %i', async (_index, query) => {
  const range = `start=${seconds - 10}&end=${seconds + 10}`
  const { status, text } = await get(
    `/api/v2/search/tag/resource.service.name/values?${range}&q=${encodeURIComponent(query)}`,
  )
  expect([status, JSON.parse(text).tagValues]).toEqual([200, [{ type: 'string', value: 'mqtt-proxy' }]])
})

/** Never finds anything and never ends, until it is told to. */
class EndlessStore extends MemoryStore {
  readonly signals: AbortSignal[] = []
  #ended = () => {}
  readonly ended = new Promise<void>((resolve) => {
    this.#ended = resolve
  })
  override async *search(_: unknown, signal: AbortSignal): AsyncGenerator<SearchStep> {
    this.signals.push(signal)
    try {
      yield { traces: [], progress: { done: 0, total: 9, inspectedBytes: 0 } }
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    } finally {
      this.#ended()
    }
  }
}

test('T11 and T16: the seventeenth search is refused, and those end whose asker goes away', async () => {
  const endless = new EndlessStore()
  store = endless
  const { host, port } = addressOf(server.address)
  const sockets = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const socket = connect(port, host)
      await once(socket, 'connect')
      socket.write('GET /api/search?q={} HTTP/1.1\r\nHost: x\r\n\r\n')
      return socket
    }),
  )
  while (endless.signals.length < 16) await new Promise(setImmediate)
  expect(await search('{}')).toMatchObject({ status: 429, text: expect.stringContaining('16 searches') })
  const grafana = new GrafanaDouble(overNetwork(server.address), profiles[3]!)
  await expect(grafana.searchStream('{}')).rejects.toThrow('8: 16 searches')
  for (const socket of sockets) socket.destroy()
  await endless.ended
  while (endless.signals.some(({ aborted }) => !aborted)) await new Promise(setImmediate)
  store = new MemoryStore()
  await lives()
})

test('T10: a search that is not done in its time says what to do', async () => {
  const endless = new EndlessStore()
  store = {
    ...endless,
    search: (request: SearchRequest) => endless.search(request, AbortSignal.timeout(20)),
  } as unknown as TraceStore
  const timeout = AbortSignal.timeout
  AbortSignal.timeout = () => timeout.call(AbortSignal, 20)
  try {
    expect(await search('{ .a = "nobody" }')).toMatchObject({
      status: 503,
      text: expect.stringContaining('choose a shorter time range'),
    })
  } finally {
    AbortSignal.timeout = timeout
  }
  expect(faults).toEqual([])
})

test.each([
  ['/api/search', '{} | compare({status=error})', 'compare() counts over time'],
  ['/api/metrics/query_range', '{} | compare({5})', 'of type int'],
  ['/api/metrics/query_range', '{} | compare({}, 0)', 'a whole number from 1'],
  ['/api/metrics/query_range', '{} | compare({}, 5000)', 'at most 1000'],
  ['/api/metrics/query_range', '{} | compare(status=error)', 'unexpected "status"'],
  ['/api/search', '{} | rate()', 'rate() counts over time'],
  ['/api/metrics/query_range', '{}', 'the query counts nothing'],
  ['/api/metrics/query', '', 'the query counts nothing'],
  ['/api/metrics/query_range', '{} | rate() > 5', 'a comparison of metrics is not answered here'],
  ['/api/metrics/query_range', '{} | rate() / 5', 'arithmetic between metrics is not answered here'],
  ['/api/metrics/query_range', '{} | quantile_over_time(duration, 50)', 'from 0 to 1'],
  ['/api/metrics/query_range', '{} | rate() | topk(0)', 'a whole number from 1'],
])('T12: %s %s', async (path, query, words) => {
  expect(await get(`${path}?q=${encodeURIComponent(query)}`)).toMatchObject({
    status: 400,
    text: expect.stringContaining(words),
  })
})

test.each([
  ['{ name = 5 }', 'string with int'],
  ['{ 5 }', 'of type int'],
  ['{ "x" }', 'of type string'],
  ['{ !name }', 'of type string'],
  ['{ -status }', 'of type status'],
  ['{ status =~ "e.*" }', 'of type status'],
  ['{ status > ok }', 'of type status'],
  ['{ duration = "1s" }', 'duration with string'],
  ['{ name =~ .a }', 'a pattern in quotes'],
  ['{ name + 1 = 2 }', 'of type string'],
  ['{ } | avg(name) > 1', 'avg() takes a number'],
])('T13: %s', async (query, words) => {
  expect(await search(query)).toMatchObject({ status: 400, text: expect.stringContaining(words) })
})

test.each(['0', '-1', '1ns', '0.000000001', '99999999999', 'x'])('T14: a step of %s', async (step) => {
  const year = `start=${seconds}&end=${seconds + 31_536_000}`
  const { status } = await get(`/api/metrics/query_range?q=${encodeURIComponent('{} | rate()')}&${year}&step=${step}`)
  expect(status).toBe(400)
})

test.each([
  ['POST', '/api/search', 405],
  ['DELETE', `/api/traces/${id}`, 405],
  ['GET', '//api/search', 404],
  ['GET', '/api/%2e%2e/etc/passwd', 404],
  ['GET', '/', 404],
  ['GET', `/${'x'.repeat(100_000)}`, 404],
  ['GET', '/api/search/tag//values', 404],
  ['GET', '/__proto__', 404],
  ['GET', '/constructor', 404],
])('T15: %s %s', async (method, path, status) => {
  const { host, port } = addressOf(server.address)
  const socket = connect(port, host)
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  expect(`${answer}`).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  socket.destroy()
})

test('T17: spans that are each other’s parents, and 20,000 in one line', async () => {
  const circle = aTrace('a'.repeat(32), 'x', [
    aSpan('a', { parent: 'b' }),
    aSpan('b', { parent: 'a' }),
    aSpan('c', { parent: 'c' }),
  ])
  const line: TraceSpans = aTrace(
    'b'.repeat(32),
    'x',
    Array.from({ length: 20_000 }, (_, index) => aSpan(`s${index}`, index === 0 ? {} : { parent: `s${index - 1}` })),
  )
  store = new MemoryStore([circle, line])
  for (const relation of ['>>', '<<', '!>>', '~', '&>>']) {
    expect((await search(`{ name = "s0" || name = "a" } ${relation} { }`)).status).toBe(200)
  }
  const grafana = new GrafanaDouble(overNetwork(server.address), profiles[3]!)
  expect(await grafana.trace('b'.repeat(32))).toEqual([{ service: 'x', spans: 20_000 }])
  expect(await grafana.trace('a'.repeat(32))).toEqual([{ service: 'x', spans: 3 }])
  await lives()
})
