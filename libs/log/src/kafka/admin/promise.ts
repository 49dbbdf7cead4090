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

/** The settings with which a topic is made (kafka.md of the design's facts, 3.1): what the log promises rests on them. */
export function settingsFor({ compacted, retentionMs }: NamedSpec, replicas: number): Record<string, string> {
  return {
    'min.insync.replicas': String(Math.min(2, replicas)),
    'unclean.leader.election.enable': 'false',
    // Clocks of devices must not steer retention and expiry.
    'message.timestamp.type': 'LogAppendTime',
    // What others write compressed is stored so that brokers can hand it on as it is.
    'compression.type': 'uncompressed',
    'max.message.bytes': String(1_048_588),
    'cleanup.policy': compacted ? 'compact' : 'delete',
    ...(compacted
      ? { 'min.compaction.lag.ms': '600000', 'max.compaction.lag.ms': '21600000', 'segment.ms': '3600000' }
      : {
          'retention.ms': String(retentionMs === 0 ? -1 : retentionMs),
          'retention.bytes': '-1',
          'segment.ms': '3600000',
        }),
  }
}

/** Every way in which an existing topic falls short of the promise, in sentences that name the setting. */
export function shortcomings(spec: NamedSpec, { replicas, settings }: TopicFacts): string[] {
  const { topic, compacted, retentionMs } = spec
  const found: string[] = []
  const number = (name: string) => Number(settings.get(name) ?? Number.NaN)
  const demand = (met: boolean, sentence: string) => {
    if (!met) found.push(`${topic}: ${sentence}`)
  }
  demand(
    replicas >= replicasWanted,
    `has ${replicas} replicas; a zone's death would lose messages: give it ${replicasWanted}`,
  )
  demand(
    number('min.insync.replicas') >= 2,
    `min.insync.replicas is ${settings.get('min.insync.replicas')}; one node alone could acknowledge: set it to 2`,
  )
  demand(
    settings.get('unclean.leader.election.enable') !== 'true',
    'unclean.leader.election.enable is true; a stale node could become leader and lose messages: set it to false',
  )
  const retention = number('retention.ms')
  const kept = compacted || retention < 0 || (retentionMs > 0 && retention >= retentionMs)
  demand(kept, `retention.ms is ${retention}; it needs ${retentionMs === 0 ? -1 : retentionMs} or more`)
  return found
}

/** What no flag can make good: the region would work on something else than it thinks. */
export function contradictions({ topic, partitions, compacted }: NamedSpec, facts: TopicFacts): string[] {
  const found: string[] = []
  const { settings } = facts
  if (facts.partitions !== partitions) {
    found.push(
      `${topic} has ${facts.partitions} partitions and the region ${partitions}; keys would move: the number never changes`,
    )
  }
  const policy = settings.get('cleanup.policy')
  const wanted = compacted ? 'compact' : 'delete'
  if (policy !== wanted) found.push(`${topic}: cleanup.policy is ${policy}; set it to ${wanted}`)
  const lag = Number(settings.get('min.compaction.lag.ms'))
  if (compacted && !(lag >= 600_000)) found.push(`${topic}: min.compaction.lag.ms is ${lag}; set it to 600000 or more`)
  for (const [name, value] of [
    ['message.timestamp.type', 'LogAppendTime'],
    ['compression.type', 'uncompressed'],
  ] as const) {
    if (settings.get(name) !== value) found.push(`${topic}: ${name} is ${settings.get(name)}; set it to ${value}`)
  }
  return found
}
