import { traceQuery } from '@tern/proto'
import { type EntryKind, entryKind } from '@tern/record'

const { DeliveryOutcome } = traceQuery

const outcomes: Readonly<Partial<Record<EntryKind, traceQuery.DeliveryOutcome>>> = {
  [entryKind.written]: DeliveryOutcome.WRITTEN,
  [entryKind.acked]: DeliveryOutcome.ACKED,
  [entryKind.pending]: DeliveryOutcome.PENDING,
  [entryKind.refused]: DeliveryOutcome.REFUSED,
  [entryKind.expired]: DeliveryOutcome.EXPIRED,
  [entryKind.dropped]: DeliveryOutcome.DROPPED,
  [entryKind.interrupted]: DeliveryOutcome.INTERRUPTED,
  [entryKind.waiting]: DeliveryOutcome.WAITING,
}

export const outcomeOf = (kind: EntryKind): traceQuery.DeliveryOutcome => outcomes[kind] ?? DeliveryOutcome.UNSPECIFIED
