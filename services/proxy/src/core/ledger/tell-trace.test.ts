import { parseTraceparent, publishSpanIdOf, traceIds, traceKeyUnlessTold } from '@tern/telemetry'
import { expect, test } from 'vitest'
import { tellingTraces } from './tell-trace.ts'

const tell = tellingTraces(traceKeyUnlessTold)

test('a publisher is told the trace of its message and the span of its publish', () => {
  const told = parseTraceparent(tell(7, 1042, {}))
  const traceId = traceIds(traceKeyUnlessTold).traceIdOf(7, 1042)
  expect(told).toEqual({ traceId, spanId: publishSpanIdOf(7, 1042), sampled: true })
})

test('who brought a context stays in its own trace', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
  const told = parseTraceparent(tell(7, 1042, { userProperties: [['traceparent', traceparent]] }))
  expect(told).toMatchObject({ traceId: traceparent.slice(3, 35), spanId: publishSpanIdOf(7, 1042), sampled: false })
})
