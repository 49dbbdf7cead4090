import type { TopicSpec } from './log.ts'

const hourMs = 3_600_000

/** The topics of a region with so many queues. `tern.control` is not compacted: that could drop a valid decision for a void one. */
export const ternTopics = (queues: number): TopicSpec[] => [
  { topic: 'tern.messages', partitions: queues, compacted: false, retentionMs: 72 * hourMs },
  { topic: 'tern.state', partitions: queues, compacted: true, retentionMs: 0 },
  { topic: 'tern.control', partitions: 1, compacted: false, retentionMs: 0 },
  { topic: 'tern.trace', partitions: queues, compacted: false, retentionMs: 72 * hourMs },
]
