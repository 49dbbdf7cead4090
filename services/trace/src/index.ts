export type { TraceConfig } from './config.ts'
export { traceMetricSpecs as metricSpecs } from './metrics.ts'
export type {
  Attribute,
  Condition,
  Literal,
  Operator,
  ResourceSpans,
  SearchHints,
  SearchRequest,
  SearchStep,
  SinkAnswer,
  SpanSink,
  TagNames,
  TagScope,
  TimeRange,
  TraceId,
  TraceSpans,
  TraceStore,
} from './ports.ts'
export { candidatesPerStepMax } from './ports.ts'
export { settings } from './settings.ts'
export { createTraceService, type TracePorts, type TraceService } from './trace.ts'
