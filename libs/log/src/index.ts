export {
  type Appended,
  type Log,
  LogError,
  type LogFailure,
  type OffsetRange,
  type ReadResult,
  type TopicName,
  type TopicSpec,
} from './log.ts'
