import type { Clock, Logger } from '@tern/runtime'

export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
export type SaslMechanism = (typeof saslMechanisms)[number]

/** How a Kafka cluster is reached, and what is demanded of it. */
export type KafkaOptions = Readonly<{
  /** host:port of some of its nodes, one in each zone at best. */
  bootstrap: readonly string[]
  /** A PEM text; an empty object takes the certificate authorities of the system. */
  tls?: Readonly<{ ca?: string }>
  sasl?: Readonly<{ mechanism: SaslMechanism; username: string; password: string }>
  /** Takes a cluster that can lose what it acknowledged: fewer replicas, min.insync.replicas 1, unclean elections. */
  allowUnsafe?: boolean
  /** Makes topics that are missing, unless false. */
  createTopics?: boolean
  /** Before the names of all topics, so that regions can share a cluster; none when left out. */
  prefix?: string
  /** How long a full request to a node waits after the last one began; `kafkaLimits.gatherMs` when left out. */
  gatherMs?: number
  clock: Clock
  logger: Logger
}>

export const kafkaLimits = {
  connectMs: 1_500,
  /** Above Kafka's own time for a produce request, so that its answer comes first. */
  answerMs: 5_000,
  produceMs: 3_000,
  /** From the begin of a full request to the begin of the next one to the same node. */
  gatherMs: 5,
  /** A tail asks for so long when nothing comes. */
  tailWaitMs: 500,
  /** Between two questions who leads a partition. */
  leaderEveryMs: 50,
  /** What certainly was not written is tried again for so long, and so is what only asks. */
  patienceMs: 10_000,
  /** A cluster that is only starting may be so late. */
  reachMs: 3_000,
  reachEveryMs: 250,
  tailBytes: 1024 * 1024,
  tailPauseMs: 100,
  /** A watch asks for so long while all its partitions are quiet, for so long while some are left out, and begins anew no sooner than that. */
  watchWaitMs: 500,
  watchWaitBusyMs: 15,
  watchPauseMs: 10,
  /** How often somebody who asks where leaders stand makes this client look. */
  zonesEveryMs: 5_000,
} as const
