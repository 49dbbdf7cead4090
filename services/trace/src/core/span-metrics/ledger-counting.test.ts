import { BlockWriter, entryKind, readBlock } from '@tern/record'
import { traceIds, traceKeyUnlessTold } from '@tern/telemetry'
import { expect, test } from 'vitest'
import { exposition } from './exposition.ts'
import { LedgerCounting } from './ledger-counting.ts'
import { SpanMetrics } from './span-metrics.ts'

test("what a block tells is counted as Grafana's service graph wants it, ends of deliveries once", () => {
  const writer = new BlockWriter({ queue: 3, proxy: 1, zone: 'a' })
  const add = (kind: keyof typeof entryKind, endUs: number) =>
    writer.add(entryKind[kind], 7, 1, 0, endUs, endUs, 'c', 'f', 1, 0, '')
  add('published', 1_000)
  for (const kind of ['waiting', 'pending', 'acked', 'expired'] as const) add(kind, 3_000_000)
  const metrics = new SpanMetrics()
  new LedgerCounting(metrics, traceIds(traceKeyUnlessTold)).count(readBlock(writer.finish()), 1_000)
  const page = exposition(metrics, 'text')
  const lines = page
    .split('\n')
    .filter((line) => /^traces_(spanmetrics_calls|service_graph_request(_failed)?)_total/.test(line))
  expect(lines.map((line) => line.replace('traces_', ''))).toMatchInlineSnapshot(`
    [
      "spanmetrics_calls_total{service="tern-proxy",span_name="publish",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_UNSET"} 1",
      "spanmetrics_calls_total{service="tern-broker",span_name="append",span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_UNSET"} 1",
      "spanmetrics_calls_total{service="tern-proxy",span_name="deliver",span_kind="SPAN_KIND_CONSUMER",status_code="STATUS_CODE_UNSET"} 1",
      "spanmetrics_calls_total{service="tern-proxy",span_name="deliver",span_kind="SPAN_KIND_CONSUMER",status_code="STATUS_CODE_ERROR"} 1",
      "service_graph_request_total{client="mqtt-client",server="tern-proxy",connection_type="virtual_node"} 1",
      "service_graph_request_total{client="tern-proxy",server="tern-broker",connection_type="messaging_system"} 1",
      "service_graph_request_total{client="tern-broker",server="tern-proxy",connection_type="messaging_system"} 2",
      "service_graph_request_failed_total{client="mqtt-client",server="tern-proxy",connection_type="virtual_node"} 0",
      "service_graph_request_failed_total{client="tern-proxy",server="tern-broker",connection_type="messaging_system"} 0",
      "service_graph_request_failed_total{client="tern-broker",server="tern-proxy",connection_type="messaging_system"} 1",
    ]
  `)
})
