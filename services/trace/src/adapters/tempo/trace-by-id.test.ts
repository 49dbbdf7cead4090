import { tempopb } from '@tern/proto'
import { expect, test } from 'vitest'
import { SpanMetrics } from '../../core/span-metrics/span-metrics.ts'
import type { TraceSpans } from '../../ports.ts'
import { MemoryStore } from '../../testing/memory-store.ts'
import { aSpan, aTrace, resourceSpansOf } from '../../testing/spans.ts'
import { createTempo } from './tempo.ts'

const id = `${'0'.repeat(30)}ab`
const store = new MemoryStore([
  aTrace(id, 'mqtt-proxy', [
    aSpan('publish', {
      kind: 2,
      status: [2, 'no'],
      milliseconds: [1, 2],
      attributes: { qos: 1, retain: false, ratio: 0.5, tags: ['a'] },
    }),
  ]),
])

async function asked(path: string, accept: string, traces: MemoryStore = store) {
  const tempo = createTempo({ store: traces, now: () => 0, isReady: () => true, spanMetrics: new SpanMetrics() })
  const request = { method: 'GET', path, query: new URLSearchParams(), accept }
  return tempo.answer(request, new AbortController().signal)
}

const span = {
  traceId: Buffer.from(id, 'hex').toString('base64'),
  name: 'publish',
  kind: 'SPAN_KIND_SERVER',
  startTimeUnixNano: '1700000000001000000',
  endTimeUnixNano: '1700000000002000000',
  attributes: [
    { key: 'qos', value: { intValue: '1' } },
    { key: 'retain', value: { boolValue: false } },
    { key: 'ratio', value: { doubleValue: 0.5 } },
    { key: 'tags', value: { arrayValue: { values: [{ stringValue: 'a' }] } } },
  ],
  status: { code: 'STATUS_CODE_ERROR', message: 'no' },
}

test.each([
  [`/api/v2/traces/${id}`, (json: never) => (json as { trace: { resourceSpans: unknown } }).trace.resourceSpans],
  [`/api/traces/${id}`, (json: never) => (json as { batches: unknown }).batches],
])('a person who asks %s without protobuf gets the JSON of protobuf, as Tempo writes it', async (path, within) => {
  const { status, contentType, body } = await asked(path, '*/*')
  expect([status, contentType]).toEqual([200, 'application/json'])
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'mqtt-proxy' } }] }
  expect(within(JSON.parse(`${body}`) as never)).toMatchObject([{ resource, scopeSpans: [{ spans: [span] }] }])
})

test('a trace that is too large is shown in part, and says so', async () => {
  const large: TraceSpans = {
    id,
    resourceSpans: Array.from({ length: 40 }, (_, index) =>
      resourceSpansOf({ 'service.name': 'x' }, id, [
        aSpan(`s${index}`, { attributes: { text: 'x'.repeat(1_000_000) } }),
      ]),
    ),
  }
  const { body } = await asked(`/api/v2/traces/${id}`, 'application/protobuf', new MemoryStore([large]))
  const { trace, status, message } = tempopb.TraceByIDResponse.decode(body as Uint8Array)
  expect([trace?.resourceSpans.length, status, message]).toEqual([
    33,
    1,
    expect.stringContaining('its first spans are shown'),
  ])
})
