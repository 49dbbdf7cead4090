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
