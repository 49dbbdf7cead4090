import { expect, test, vi } from 'vitest'
import { aSpan, resourceSpansOf } from '../../testing/spans.ts'
import { viewOf } from '../spans/trace-view.ts'
import { exposition } from './exposition.ts'
import { Pairing } from './pairing.ts'
import { SpanMetrics } from './span-metrics.ts'

// Much work on a machine that may have other work.
vi.setConfig({ testTimeout: 60_000 })

const id = 'ab'.repeat(16)
type Spans = readonly (readonly [service: string, ReturnType<typeof aSpan>])[]
const viewsOf = (spans: Spans, traceId = id) =>
  viewOf({
    id: traceId,
    resourceSpans: spans.map(([service, span]) => resourceSpansOf({ 'service.name': service }, traceId, [span])),
  })!.spans

const call: Spans = [
  ['shop', aSpan('POST /orders', { kind: 3, milliseconds: [0, 30] })],
  ['billing', aSpan('POST /orders#', { kind: 2, parent: 'POST /orders', milliseconds: [1, 21], status: [2, 'no'] })],
]

function counted(spans: Spans, { reversed = false, later = 0 } = {}): string {
  const metrics = new SpanMetrics()
  const pairing = new Pairing(metrics)
  const views = [...viewsOf(spans)]
  for (const view of reversed ? views.reverse() : views) pairing.observe(view, 1_000)
  pairing.expire(1_000 + later)
  return exposition(metrics, 'openmetrics')
}

test.each([false, true])('the two sides of a call are an edge, whichever comes first (%s)', (reversed) => {
  const text = counted(call, { reversed })
  const edge = '{client="shop",server="billing",connection_type=""}'
  expect(text).toContain(`traces_service_graph_request_total${edge} 1\n`)
  expect(text).toContain(`traces_service_graph_request_failed_total${edge} 1\n`)
  expect(text).toContain(`traces_service_graph_request_server_seconds_sum${edge} 0.02\n`)
  expect(text).toContain(`traces_service_graph_request_client_seconds_sum${edge} 0.03\n`)
})

test('spans are counted by service, name, kind and status, with the trace of the last one in each bucket', () => {
  const text = counted(call)
  expect(text).toContain(
    'traces_spanmetrics_calls_total{service="billing",span_name="POST /orders#",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_ERROR"} 1\n',
  )
  expect(text).toMatch(
    /traces_spanmetrics_latency_bucket\{service="billing",.*le="0.032"\} 1 # \{trace_id="(ab){16}"\} 0.02 1\n/,
  )
  expect(text.endsWith('# EOF\n')).toBe(true)
})

test('a message from a producer to a consumer is an edge of a messaging system', () => {
  const text = counted([
    ['meter', aSpan('send', { kind: 4 })],
    ['bill', aSpan('process', { kind: 5, parent: 'send' })],
  ])
  expect(text).toContain(
    'traces_service_graph_request_total{client="meter",server="bill",connection_type="messaging_system"} 1',
  )
})

test.each([false, true])('a message to three consumers is three edges (%s)', (reversed) => {
  const consumers = ['a', 'b', 'c'].map((name) => ['bill', aSpan(name, { kind: 5, parent: 'send' })] as const)
  const text = counted([['meter', aSpan('send', { kind: 4 })], ...consumers], { reversed, later: 10_000 })
  expect(text).toContain('{client="meter",server="bill",connection_type="messaging_system"} 3')
  expect(text).toContain('traces_service_graph_unpaired_spans_total 0')
})

test.each([
  [
    { kind: 3, attributes: { 'db.system': 'postgresql', 'db.name': 'orders' } },
    'client="shop",server="orders",connection_type="database"',
  ],
  [
    { kind: 3, attributes: { 'peer.service': 'legacy' } },
    'client="shop",server="legacy",connection_type="virtual_node"',
  ],
])('a call of somebody who sends no spans is known by what the caller says, once nobody came: %j', (shape, labels) => {
  const spans = [['shop', aSpan('call', shape)]] as const
  expect(counted(spans)).not.toContain(labels)
  expect(counted(spans, { later: 10_000 })).toContain(`traces_service_graph_request_total{${labels}} 1`)
})

test('whoever begins a trace at a server is outside', () => {
  expect(counted([['shop', aSpan('GET /', { kind: 2 })]])).toContain(
    '{client="user",server="shop",connection_type="virtual_node"} 1',
  )
  const publish = aSpan('publish', { kind: 2, attributes: { 'messaging.system': 'mqtt' } })
  expect(counted([['mqtt-proxy', publish]])).toContain(
    '{client="mqtt-client",server="mqtt-proxy",connection_type="virtual_node"} 1',
  )
})

test('a side whose other side never comes is counted as such', () => {
  const lonely = [['shop', aSpan('x', { kind: 2, parent: 'elsewhere' })]] as const
  expect(counted(lonely, { later: 10_000 })).toContain('traces_service_graph_unpaired_spans_total 1')
})

test('no label has a topic, a client or a message', () => {
  const text = counted([
    [
      'x',
      aSpan('publish sensors/7/temp by car-7', {
        kind: 4,
        attributes: { 'messaging.destination.name': 'sensors/7/temp', 'messaging.client.id': 'car-7' },
      }),
    ],
  ])
  expect(text).not.toMatch(/sensors|car-7/)
})

test('100,000 different names and services take a bounded room', () => {
  const metrics = new SpanMetrics()
  const pairing = new Pairing(metrics)
  for (let index = 0; index < 100_000; index += 1) {
    const [view] = viewsOf([
      [`service-${index}`, aSpan(`name-${index}`, { kind: index % 2 === 0 ? 3 : 2, parent: 'elsewhere' })],
    ])
    pairing.observe(view!, 1_000)
  }
  pairing.expire(100_000)
  const text = exposition(metrics, 'text')
  expect(text.split('\n').length).toBeLessThan(50_000)
  expect(text).toContain('service="other",span_name="other"')
  expect(metrics.unpaired).toBe(100_000)
})

test('names may hold anything', () => {
  const text = counted([['a"b\\c\nd', aSpan('x\n# EOF', { kind: 1 })]])
  expect(text).toContain('service="a\\"b\\\\c\\nd",span_name="x\\n# EOF"')
})
