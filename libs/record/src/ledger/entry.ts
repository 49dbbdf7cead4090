/** What became of a message somewhere; part of the format on the log: never renumber. */
export const entryKind = {
  /** It is on the log. Start: read by the proxy; middle: known to be durable; end: the publisher was answered. */
  published: 0,
  /** Refused before it had a position. */
  publishRefused: 1,
  /** Written to a client at QoS 0: nobody will ever know more. */
  written: 2,
  /** Start: written; middle: PUBREC came, at QoS 2; end: the client has it. */
  acked: 3,
  /** Written a while ago, and not acknowledged at the end time. */
  pending: 4,
  /** The client answered with a reason code of failure. */
  refused: 5,
  expired: 6,
  /** Not written, or not for this client: see the reason. */
  dropped: 7,
  /** The connection ended before the acknowledgement came. */
  interrupted: 8,
  /** There was no room for it: the session reads it later. */
  waiting: 9,
} as const

export type EntryKind = (typeof entryKind)[keyof typeof entryKind]

/** Trace context that a publisher brought, or that was drawn for a message without a position. */
export type EntryContext = Readonly<{
  /** 32 hex digits. */
  traceId: string
  /** 16 hex digits; all zero: none. */
  spanId: string
}>

export type LedgerEntry = Readonly<{
  kind: EntryKind
  /** -1: it never had one. */
  position: number
  qos: number
  /** Whole microseconds since 1970, start <= middle <= end. */
  startUs: number
  middleUs: number
  endUs: number
  clientId: string
  /** Of a delivery its filter; of a refused publish its topic; empty of a published one, whose topic the log has. */
  name: string
  /** Of a published one `nameHash` of its topic; otherwise 0. */
  topicHash: number
  /** From 1 on: how often this connection or an earlier one has written it. */
  attempt: number
  /** MQTT 5 reason code; 0: none. */
  code: number
  reason: string
  context: EntryContext | undefined
}>

/** What nobody should have to look for: kept when others are dropped, and found by `status = error`. */
export const isFailure = (kind: EntryKind): boolean =>
  kind === entryKind.publishRefused ||
  kind === entryKind.refused ||
  kind === entryKind.expired ||
  kind === entryKind.dropped

export const isPublish = (kind: EntryKind): boolean => kind === entryKind.published || kind === entryKind.publishRefused

const offsetBasis = 0x811c9dc5 | 0
const prime = 0x01000193

/** FNV-1a over UTF-16 units: how names stand in hints, and topics in blocks. Part of the format. */
export function nameHash(name: string): number {
  let hash = offsetBasis
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), prime)
  return hash >>> 0
}

/** The same of a name in UTF-8; undefined when it is not of ASCII alone. */
export function nameHashOfBytes(bytes: Uint8Array, from: number, to: number): number | undefined {
  let hash = offsetBasis
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number
    if (byte >= 0x80) return undefined
    hash = Math.imul(hash ^ byte, prime)
  }
  return hash >>> 0
}

/** Positions are told by groups of so many in the head of a block. */
export const positionsPerGroup = 64
