import type { TopicSpec } from '../../log.ts'

/** A topic under the name that it has in the cluster. */
export type NamedSpec = Omit<TopicSpec, 'topic'> & Readonly<{ topic: string }>

/** What is known of a topic that exists. */
export type TopicFacts = Readonly<{
  topic: string
  partitions: number
  replicas: number
  settings: ReadonlyMap<string, string>
}>

export const replicasWanted = 3
const inSyncWanted = 2
/** What a broker writes at once stays below it. */
const batchBytesMax = 1_048_588
/** Readers of tern.state may be so late, and miss nothing. */
const compactionLagMs = 600_000
/** Kafka compacts nothing of a segment that it still writes, and a takeover reads all that is not compacted. */
const compactedSegmentMs = 600_000
const forever = -1

const retentionOf = ({ retentionMs }: NamedSpec) => (retentionMs === 0 ? forever : retentionMs)

/** The settings with which a topic is made: what the log promises rests on them. */
export function settingsFor(spec: NamedSpec, replicas: number): Record<string, string> {
  const kept = spec.compacted
    ? { 'min.compaction.lag.ms': compactionLagMs, 'max.compaction.lag.ms': 21_600_000 }
    : { 'retention.ms': retentionOf(spec), 'retention.bytes': forever }
  const settings = {
    'cleanup.policy': spec.compacted ? 'compact' : 'delete',
    'min.insync.replicas': Math.min(inSyncWanted, replicas),
    'unclean.leader.election.enable': false,
    // Clocks of devices must not steer retention and expiry.
    'message.timestamp.type': 'LogAppendTime',
    // What others write compressed is stored so that brokers can hand it on as it is.
    'compression.type': 'uncompressed',
    'max.message.bytes': batchBytesMax,
    'segment.ms': spec.compacted ? compactedSegmentMs : 3_600_000,
    ...kept,
  }
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))
}

/** What somebody else has to do where this program may not make topics. */
export function missing(spec: NamedSpec): string {
  const settings = Object.entries(settingsFor(spec, replicasWanted)).map(([name, value]) => `${name}=${value}`)
  return `topic ${spec.topic} is not there, and --kafka-create-topics is false: make it with ${partitionsOf(spec)}, ${replicasWanted} replicas and ${settings.join(', ')}`
}

const partitionsOf = ({ partitions }: { partitions: number }) =>
  partitions === 1 ? '1 partition' : `${partitions} partitions`

/** Every way in which an existing topic falls short of the promise, in sentences that name the setting. */
export function shortcomings(spec: NamedSpec, { replicas, settings }: TopicFacts): string[] {
  const { topic, compacted } = spec
  const number = (name: string) => Number(settings.get(name) ?? Number.NaN)
  const retention = retentionOf(spec)
  const least = (name: string, wanted: number) =>
    number(name) === forever || (wanted !== forever && number(name) >= wanted)
  const is = (name: string, why: string, todo: string) =>
    `${topic}: ${name} is ${settings.get(name)}, ${why}; set it to ${todo}`
  const kept = is('retention.ms', 'so messages go before they may', `${retention}${retention < 0 ? '' : ' or more'}`)
  return [
    replicas < replicasWanted &&
      `${topic}: it has ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}, so the death of nodes loses messages; give it ${replicasWanted}`,
    !(number('min.insync.replicas') >= inSyncWanted) &&
      is('min.insync.replicas', 'so a node alone may acknowledge what dies with it', String(inSyncWanted)),
    settings.get('unclean.leader.election.enable') !== 'false' &&
      is('unclean.leader.election.enable', 'so a node that is behind may become leader and drop messages', 'false'),
    !compacted && !least('retention.ms', retention) && kept,
    !compacted &&
      number('retention.bytes') !== forever &&
      is('retention.bytes', 'so much traffic pushes messages out before their time', String(forever)),
  ].filter((each) => each !== false)
}

/** What no flag can make good: the region would work on something else than it thinks. */
export function contradictions(spec: NamedSpec, facts: TopicFacts): string[] {
  const { topic, compacted } = spec
  const { settings } = facts
  const wanted = settingsFor(spec, replicasWanted)
  const otherThan = (name: string) =>
    settings.get(name) !== wanted[name] && `${topic}: ${name} is ${settings.get(name)}; set it to ${wanted[name]}`
  const below = (name: string) =>
    !(Number(settings.get(name)) >= Number(wanted[name])) &&
    `${topic}: ${name} is ${settings.get(name)}; set it to ${wanted[name]} or more`
  return [
    facts.partitions !== spec.partitions &&
      `${topic} has ${partitionsOf(facts)} and the region's --queues ask for ${spec.partitions}, which never changes since keys would move; give the --queues that it was made with, or another --kafka-prefix`,
    otherThan('cleanup.policy'),
    compacted && below('min.compaction.lag.ms'),
    otherThan('message.timestamp.type'),
    otherThan('compression.type'),
    below('max.message.bytes'),
  ].filter((each) => each !== false)
}
