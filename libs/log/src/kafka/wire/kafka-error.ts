/** Codes of Kafka's protocol that mean something here; https://kafka.apache.org/protocol, "Error Codes". */
export const errorCode = {
  none: 0,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeaderOrFollower: 6,
  requestTimedOut: 7,
  replicaNotAvailable: 9,
  messageTooLarge: 10,
  invalidTopic: 17,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  topicAuthorizationFailed: 29,
  unsupportedForMessageFormat: 43,
  kafkaStorageError: 56,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  offsetNotAvailable: 78,
  invalidRecord: 87,
} as const

const elsewhere: ReadonlySet<number> = new Set([
  errorCode.unknownTopicOrPartition,
  errorCode.leaderNotAvailable,
  errorCode.notLeaderOrFollower,
  errorCode.replicaNotAvailable,
  errorCode.notEnoughReplicas,
  errorCode.kafkaStorageError,
  errorCode.fencedLeaderEpoch,
  errorCode.unknownLeaderEpoch,
  errorCode.offsetNotAvailable,
])

const notWritten: ReadonlySet<number> = new Set([
  errorCode.corruptMessage,
  errorCode.messageTooLarge,
  errorCode.invalidTopic,
  errorCode.recordListTooLarge,
  errorCode.topicAuthorizationFailed,
  errorCode.unsupportedForMessageFormat,
  errorCode.invalidRecord,
])

/** What became of a produce request for one partition: nothing yet, nothing ever, or nobody knows. */
export type ProduceFate = 'again' | 'refused' | 'unknown'

/**
 * Only what Kafka checks before it appends is certain; every code that is not known counts as "written perhaps". And so does every code
 * beside an offset: a leader that is none any more while it waits for its followers says so with the same code as one that never was.
 */
export function fateOf(code: number, baseOffset: number): ProduceFate {
  if (baseOffset >= 0) return 'unknown'
  if (elsewhere.has(code)) return 'again'
  return notWritten.has(code) ? 'refused' : 'unknown'
}

/** A question that another node, or the same one a little later, will answer. */
export const isPassing = (code: number): boolean => elsewhere.has(code) || code === errorCode.requestTimedOut

export const nameOf = (code: number): string =>
  Object.entries(errorCode).find(([, value]) => value === code)?.[0] ?? `Kafka's error ${code}`

/** The request was certainly never read by the node. */
export class NotSent extends Error {}
