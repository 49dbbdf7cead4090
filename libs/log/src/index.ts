export { connectEmbeddedLog } from './embedded/client.ts'
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
export { createMemoryLog, type MemoryLog, type MemoryLogFaults } from './memory/memory-log.ts'
export { ternTopics } from './topics.ts'
