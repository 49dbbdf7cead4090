import { otlpTrace, traceQuery } from '@tern/proto'
import { traceIds, traceKeyUnlessTold } from '@tern/telemetry'
import { expect, test } from 'vitest'
import type { SearchStep, TraceSpans, TraceStore } from '../../ports.ts'
import { searchTraces } from './search-traces.ts'

const startedAt = (second: number): TraceSpans => {
  const at = BigInt(second) * 1_000_000_000n
  const span = otlpTrace.Span.fromPartial({ name: 's', startTimeUnixNano: at, endTimeUnixNano: at + 5n })
  const id = `${second}`.padStart(32, '0')
  return { id, resourceSpans: [otlpTrace.ResourceSpans.fromPartial({ scopeSpans: [{ spans: [span] }] })] }
}

test('what steps of a search find comes newest first over all of them', async () => {
  async function* search(): AsyncGenerator<SearchStep> {
    for (const seconds of [[9, 4], [7, 5], [8]]) {
      yield { traces: seconds.map(startedAt), progress: { done: 1, total: 3, inspectedBytes: 0 } }
    }
  }
  const store = { search } as unknown as TraceStore
  const request = traceQuery.SearchTracesRequest.create({})
  const ids = traceIds(traceKeyUnlessTold)
  const { traces } = await searchTraces(store, ids, request, 10_000, new AbortController().signal)
  expect(traces.map(({ startUnixNano }) => Number(startUnixNano) / 1e9)).toEqual([9, 8, 7, 5, 4])
})
