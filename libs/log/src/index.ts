export { checkLogSettings } from './check-settings.ts'
export { connectEmbeddedLog } from './embedded/client.ts'
export { logMetricSpecs as metricSpecs } from './embedded/metrics.ts'
export { connectKafkaLog, untilKafkaServes } from './kafka/connect.ts'
export { type KafkaOptions, type SaslMechanism, saslMechanisms } from './kafka/options.ts'
export { type ProduceRequestSignal, produceRequestSignal } from './kafka/signals.ts'
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
export { exitCodeFor, type LogSettings, logEnvironment, logSettings, openLog } from './settings.ts'
export { ternTopics } from './topics.ts'
