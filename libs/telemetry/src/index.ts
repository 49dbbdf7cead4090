export { CodeCounts } from './code-counts.ts'
export { type Chance, idDrawing } from './draw-ids.ts'
export { Histogram, secondsBounds } from './histogram.ts'
export { type Identity, identityAttributes } from './identity.ts'
export { type MessageAddress, messageIdOf, parseMessageId } from './message-id.ts'
export { type MetricSpec, type MetricSpecs, prometheusName } from './metric-spec.ts'
export {
  createMetrics,
  type Metrics,
  type Observers,
  pointsFrom,
  type Reading,
  type Sample,
  seriesMax,
} from './metrics.ts'
export { metricsTable } from './metrics-table.ts'
export { RateWindow } from './rate-window.ts'
export { observeCalls, RpcCalls, rpcCallSpec } from './rpc-calls.ts'
export { publishSpanIdOf, spanIdOf } from './span-ids.ts'
export { type TraceIds, traceIdBytes, traceIds } from './trace-ids.ts'
export { checkTraceKey, traceKeySetting, traceKeyUnlessTold } from './trace-key.ts'
export { formatTraceparent, parseTraceparent, type TraceContext } from './traceparent.ts'
export { type Attributes, inSpan, noTracer, type Span, type SpanOptions, type Tracer } from './tracer.ts'
