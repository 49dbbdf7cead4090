import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Pairing } from '../../core/span-metrics/pairing.ts'
import { SpanMetrics } from '../../core/span-metrics/span-metrics.ts'
import { viewOf } from '../../core/spans/trace-view.ts'
import { promQueries } from '../../testing/dashboards.ts'
import { MemoryStore } from '../../testing/memory-store.ts'
import { type Prometheus, startPrometheus } from '../../testing/prometheus.ts'
import { aSpan, resourceSpansOf } from '../../testing/spans.ts'
import { startTempo } from './serve.ts'

let prometheus: Prometheus
let server: Awaited<ReturnType<typeof startTempo>>
let sending: NodeJS.Timeout

const call = [
  resourceSpansOf({ 'service.name': 'shop' }, 'ab'.repeat(16), [aSpan('send', { kind: 3, milliseconds: [0, 40] })]),
  resourceSpansOf({ 'service.name': 'mqtt-proxy' }, 'ab'.repeat(16), [
    aSpan('publish', { kind: 2, parent: 'send', milliseconds: [0, 30], status: [2, 'quota'] }),
  ]),
]

beforeAll(async () => {
  const spanMetrics = new SpanMetrics()
  const pairing = new Pairing(spanMetrics)
  const fault = (error: unknown) => {
    throw error
  }
  const ports = { store: new MemoryStore(), now: Date.now, isReady: () => true, spanMetrics, fault }
  server = await startTempo('127.0.0.1:0', ports)
  const observe = () => {
    for (const view of viewOf({ id: 'ab'.repeat(16), resourceSpans: call })?.spans ?? [])
      pairing.observe(view, Date.now())
  }
  observe()
  sending = setInterval(observe, 100)
  prometheus = await startPrometheus(server.address)
})
afterAll(async () => {
  clearInterval(sending)
  server.stop()
  await prometheus.stop()
})

/** Until it gives something that has grown: a rate needs two readings. */
const eventually = (query: string) =>
  vi.waitFor(
    async () => {
      const found = await prometheus.query(query)
      expect(found.some(({ value }) => Number(value[1]) > 0)).toBe(true)
      return found
    },
    { timeout: 20_000, interval: 100 },
  )

const edge = { client: 'shop', server: 'mqtt-proxy' }
const range = '[1m]'

test.each([
  ['requests', `sum by (client, server) (rate(traces_service_graph_request_total{client="shop"}${range}))`],
  ['failures', `sum by (client, server) (rate(traces_service_graph_request_failed_total{client="shop"}${range}))`],
  ['seconds', `sum by (client, server) (rate(traces_service_graph_request_server_seconds_sum{client="shop"}${range}))`],
])('the service graph of Grafana gets %s from a real Prometheus', async (_name, query) => {
  expect((await eventually(query)).map(({ metric }) => metric)).toEqual([edge])
})

test('it gets the edges with their types', async () => {
  const found = await eventually(
    'group by (client, connection_type, server) (traces_service_graph_request_total{client="shop"})',
  )
  expect(found.map(({ metric }) => metric)).toEqual([edge])
})

test('its table gets rates, errors and durations', async () => {
  const rate = `topk(5, sum(rate(traces_spanmetrics_calls_total{span_kind="SPAN_KIND_SERVER"}${range})) by (span_name))`
  expect((await eventually(rate)).map(({ metric }) => metric)).toEqual([{ span_name: 'publish' }])
  const errors = `topk(5, sum(rate(traces_spanmetrics_calls_total{status_code="STATUS_CODE_ERROR",span_name=~"publish"}${range})) by (span_name))`
  expect((await eventually(errors)).map(({ metric }) => metric)).toEqual([{ span_name: 'publish' }])
  const duration = `histogram_quantile(.9, sum(rate(traces_spanmetrics_latency_bucket{span_name=~"publish"}${range})) by (le))`
  const [found] = await eventually(duration)
  // 30 ms are in the bucket from 16 to 32.
  expect(Number(found?.value[1])).toBeGreaterThan(0.016)
  expect(Number(found?.value[1])).toBeLessThanOrEqual(0.032)
})

test('a value has its trace beside it', async () => {
  const labels = await vi.waitFor(
    async () => {
      const found = await prometheus.exemplars('traces_spanmetrics_latency_bucket')
      expect(found).not.toEqual([])
      return found
    },
    { timeout: 20_000, interval: 100 },
  )
  expect(labels[0]).toEqual({ trace_id: 'ab'.repeat(16) })
})

test.each(promQueries)('a dashboard asks what Prometheus understands: %s', async (query) => {
  expect(await prometheus.query(query)).toEqual(expect.any(Array))
})
