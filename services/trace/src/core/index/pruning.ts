import { entryKind, isFailure, type LedgerEntry, nameHash } from '@tern/record'
import { type MessageAddress, parseMessageId } from '@tern/telemetry'
import type { Condition, Literal, SearchHints } from '../../ports.ts'
import { compilePattern } from '../traceql/pattern.ts'
import type { Stretch } from './stretch.ts'

/**
 * What a search looks at. Two conditions of a query may hold for spans that different processes told of, in different blocks: so for
 * each alternative one condition, the one that leaves least, is looked for in blocks, and the others when the trace is whole.
 */
export type Pruning = Readonly<{
  /** Whole traces that are asked for by name; nothing else can match. */
  only: readonly Named[] | undefined
  mayHave(stretch: Stretch): boolean
  /** Whether the message of this entry may match. */
  takesEntry(entry: LedgerEntry): boolean
}>

export type Named = Readonly<{ traceId: string }> | Readonly<{ address: MessageAddress }>

type Probe = Readonly<{
  /** Lower ones leave less. */
  rank: number
  named?: Named
  mayHave?(stretch: Stretch): boolean
  takesEntry?(entry: LedgerEntry): boolean
}>

/** Nothing can be left out. */
const anything: Probe = { rank: 9 }

export function pruningOf({ alternatives }: SearchHints): Pruning {
  const probes = alternatives.map((conditions) =>
    conditions.map(probeOf).reduce((best, probe) => (probe.rank < best.rank ? probe : best), anything),
  )
  const named = probes.flatMap((probe) => probe.named ?? [])
  return {
    only: named.length === probes.length ? named : undefined,
    mayHave: (stretch) => probes.some(({ mayHave }) => mayHave?.(stretch) ?? true),
    takesEntry: (entry) => probes.some(({ takesEntry }) => takesEntry?.(entry) ?? true),
  }
}

function probeOf({ attribute, operator, value }: Condition): Probe {
  const { scope, name } = attribute
  const isIntrinsic = scope === 'intrinsic'
  if (isIntrinsic && name === 'duration' && (operator === '>' || operator === '>=')) return durationProbe(value)
  if (operator === '=~' && !isIntrinsic && name === 'messaging.client.id') return clientPatternProbe(value)
  if (operator !== '=') return anything
  if (isIntrinsic) {
    if (name === 'kind' && value.type === 'kind' && value.value === 'consumer') return deliveryProbe
    if (name === 'trace:id' && value.type === 'string') return traceProbe(value.value)
    if (name !== 'status' || value.type !== 'status' || value.value !== 'error') return anything
    return { rank: 5, mayHave: ({ hasFailure }) => hasFailure, takesEntry: ({ kind }) => isFailure(kind) }
  }
  if (value.type !== 'string' || (scope !== 'span' && scope !== 'any' && scope !== 'resource')) return anything
  return textProbe(name, value.value)
}

/** Of what is short in each entry a delivery may still be long, when it was told of in several. */
function durationProbe(value: Literal): Probe {
  if (value.type !== 'duration' && value.type !== 'int' && value.type !== 'float') return anything
  const leastUs = Math.floor(Number(value.value) / 1000)
  const isPart = ({ kind, attempt }: LedgerEntry) =>
    attempt > 1 || kind === entryKind.pending || kind === entryKind.waiting || kind === entryKind.interrupted
  return { rank: 7, takesEntry: (entry) => entry.endUs - entry.startUs >= leastUs || isPart(entry) }
}

const deliveryProbe: Probe = {
  rank: 8,
  takesEntry: ({ kind }) => kind !== entryKind.published && kind !== entryKind.publishRefused,
}

function clientPatternProbe(value: Literal): Probe {
  if (value.type !== 'string') return anything
  const { matches } = compilePattern(value.value)
  return { rank: 6, takesEntry: ({ clientId }) => matches(clientId) }
}

function traceProbe(text: string): Probe {
  const traceId = text.toLowerCase().padStart(32, '0')
  return /^[0-9a-f]{32}$/.test(traceId) ? { rank: 0, named: { traceId } } : anything
}

function textProbe(name: string, text: string): Probe {
  const hash = nameHash(text)
  const mayHave = (stretch: Stretch) => stretch.mayHaveName(hash)
  switch (name) {
    case 'messaging.message.id': {
      const address = parseMessageId(text)
      return address === undefined ? { rank: 8, mayHave } : { rank: 1, named: { address } }
    }
    case 'messaging.client.id':
      return { rank: 2, mayHave, takesEntry: ({ clientId }) => clientId === text }
    case 'messaging.destination.name':
      return { rank: 3, mayHave, takesEntry: (entry) => entry.topicHash === hash || entry.name === text }
    case 'messaging.destination.subscription.name':
      return { rank: 4, mayHave, takesEntry: (entry) => entry.kind !== entryKind.published && entry.name === text }
    default:
      // Of ours some have the same text in every trace, which no block says.
      return isOurs(name) ? anything : { rank: 6, mayHave, takesEntry: () => false }
  }
}

const isOurs = (name: string): boolean => /^(messaging\.|tern\.|service\.|cloud\.|error\.)/.test(name)
