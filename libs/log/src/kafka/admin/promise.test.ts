import { expect, test } from 'vitest'
import { contradictions, missing, type NamedSpec, settingsFor, shortcomings, type TopicFacts } from './promise.ts'

const messages: NamedSpec = { topic: 'm', partitions: 12, compacted: false, retentionMs: 259_200_000 }
const state: NamedSpec = { topic: 's', partitions: 12, compacted: true, retentionMs: 0 }
const control: NamedSpec = { topic: 'c', partitions: 1, compacted: false, retentionMs: 0 }

/** A topic as it is made, but for these settings; `undefined`: the cluster does not tell it. */
function factsOf(
  spec: NamedSpec,
  other: Record<string, string | undefined> = {},
  more: Partial<TopicFacts> = {},
): TopicFacts {
  const settings = Object.entries({ ...settingsFor(spec, 3), ...other }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return { topic: spec.topic, partitions: spec.partitions, replicas: 3, settings: new Map(settings), ...more }
}

test.each([messages, state, control])('a topic as it is made keeps the promise: %j', (spec) => {
  expect([...shortcomings(spec, factsOf(spec)), ...contradictions(spec, factsOf(spec))]).toEqual([])
})

test('a compacted topic begins a segment every ten minutes, since what is in the newest is not compacted', () => {
  expect(settingsFor(state, 3)).toMatchObject({ 'segment.ms': '600000' })
  expect(settingsFor(messages, 3)).toMatchObject({ 'segment.ms': '3600000' })
})

test('longer retention and more replicas than needed are no fault', () => {
  const facts = factsOf(messages, { 'retention.ms': '-1', 'min.insync.replicas': '3' }, { replicas: 5 })
  expect([...shortcomings(messages, facts), ...contradictions(messages, facts)]).toEqual([])
})

test.each<[spec: NamedSpec, setting: string, value: string | undefined, sentence: string]>([
  [messages, 'min.insync.replicas', '1', 'min.insync.replicas is 1, so a node alone may acknowledge'],
  [messages, 'min.insync.replicas', undefined, 'min.insync.replicas is undefined'],
  [state, 'unclean.leader.election.enable', 'true', 'unclean.leader.election.enable is true, so a node that is behind'],
  [messages, 'retention.ms', '3600000', 'retention.ms is 3600000, so messages go before they may; set it to 259200000'],
  [control, 'retention.ms', '259200000', 'retention.ms is 259200000, so messages go before they may; set it to -1'],
  [messages, 'retention.bytes', '1000', 'retention.bytes is 1000, so much traffic pushes messages out'],
])('%j with %s %s falls short', (spec, setting, value, sentence) => {
  const facts = factsOf(spec, { [setting]: value })
  expect(shortcomings(spec, facts)).toEqual([expect.stringContaining(`${spec.topic}: ${sentence}`)])
  expect(contradictions(spec, facts)).toEqual([])
})

test('too few replicas fall short', () => {
  expect(shortcomings(messages, factsOf(messages, {}, { replicas: 1 }))).toEqual([
    'm: it has 1 replica, so the death of nodes loses messages; give it 3',
  ])
})

test.each<[spec: NamedSpec, setting: string, value: string, sentence: string]>([
  [messages, 'cleanup.policy', 'compact', 'm: cleanup.policy is compact; set it to delete'],
  [state, 'cleanup.policy', 'delete', 's: cleanup.policy is delete; set it to compact'],
  [state, 'min.compaction.lag.ms', '0', 's: min.compaction.lag.ms is 0; set it to 600000 or more'],
  [messages, 'message.timestamp.type', 'CreateTime', 'message.timestamp.type is CreateTime; set it to LogAppendTime'],
  [messages, 'compression.type', 'zstd', 'm: compression.type is zstd; set it to uncompressed'],
  [messages, 'max.message.bytes', '65536', 'm: max.message.bytes is 65536; set it to 1048588 or more'],
])('%j with %s %s contradicts', (spec, setting, value, sentence) => {
  const facts = factsOf(spec, { [setting]: value })
  expect(contradictions(spec, facts)).toEqual([expect.stringContaining(sentence)])
  expect(shortcomings(spec, facts)).toEqual([])
})

test.each([6, 24])('%d partitions in place of 12 contradict', (partitions) => {
  const [sentence, ...others] = contradictions(messages, factsOf(messages, {}, { partitions }))
  expect(sentence).toBe(
    `m has ${partitions} partitions and the region's --queues ask for 12, which never changes since keys would move; give the --queues that it was made with, or another --kafka-prefix`,
  )
  expect(others).toEqual([])
})

test('who has to make a missing topic is told all of its settings', () => {
  const sentence = missing(control)
  expect(sentence).toMatch(/^topic c is not there, and --kafka-create-topics is false: make it with 1 partition, 3 /)
  for (const [name, value] of Object.entries(settingsFor(control, 3))) expect(sentence).toContain(`${name}=${value}`)
})
