import { entryKind, isFailure, type LedgerEntry, nameHash } from '@tern/record'
import { type MessageAddress, parseMessageId } from '@tern/telemetry'
import type { Condition, Literal, SearchHints } from '../../ports.ts'
import { compilePattern } from '../traceql/pattern.ts'

/**
 * What a search looks at. Two conditions of a query may hold for spans that different processes told of, in different blocks: so for
 * each alternative one condition, the one that leaves least, is looked for in blocks, and the others when the trace is whole.
 */
export type Pruning = Readonly<{
  /** Whole traces that are asked for by name; nothing else can match. */
  only: readonly Named[] | undefined
  mayHave(summary: Summary): boolean
  /** Whether the message of this entry may match. */
  takesEntry(entry: Entry): boolean
  /** Whether a message may match of which a stretch has this much. */
  takesPart(part: Part): boolean
  /** Whether a message of this topic may match, if it is alone in its trace; undefined: the topic says nothing. */
  takesTopic: ((topic: string) => boolean) | undefined
}>

/** What is known of entries that lie together, be it a stretch or one block. */
export type Summary = Readonly<{ hasFailure: boolean; mayHaveName(hash: number): boolean }>

/** Of an entry what is looked at: a cursor has it, too. */
export type Entry = Readonly<
  Pick<LedgerEntry, 'kind' | 'startUs' | 'endUs' | 'attempt' | 'clientId' | 'name' | 'topicHash'>
>

/** What entries that lie together tell of one message: from when to when, and whether its publishing is among them. */
export type Part = Readonly<{ fromUs: number; toUs: number; isFromStart: boolean }>

export type Named = Readonly<{ traceId: string }> | Readonly<{ address: MessageAddress }>

type Probe = Readonly<{
  /** Lower ones leave less. */
  rank: number
  named?: Named
  mayHave?(summary: Summary): boolean
  takesEntry?(entry: Entry): boolean
  takesPart?(part: Part): boolean
  takesTopic?(topic: string): boolean
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
    mayHave: (summary) => probes.some(({ mayHave }) => mayHave?.(summary) ?? true),
    takesEntry: (entry) => probes.some(({ takesEntry }) => takesEntry?.(entry) ?? true),
    takesPart: (part) => probes.some(({ takesPart }) => takesPart?.(part) ?? true),
    takesTopic: probes.every(({ takesTopic }) => takesTopic !== undefined)
      ? (topic) => probes.some(({ takesTopic }) => takesTopic?.(topic))
      : undefined,
  }
}

function probeOf({ attribute, operator, value }: Condition): Probe {
  const { scope, name } = attribute
  const isIntrinsic = scope === 'intrinsic'
  const isLonger = operator === '>' || operator === '>='
  if (isIntrinsic && name === 'duration' && isLonger) return durationProbe(value)
  if (isIntrinsic && name === 'traceDuration' && isLonger) return traceDurationProbe(value)
  if (operator === '=~' && !isIntrinsic && name === 'messaging.client.id') return clientPatternProbe(value)
  if (operator === '=~' && !isIntrinsic && name === 'messaging.destination.name') return topicPatternProbe(value)
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

/** A delivery without the publishing that it belongs to may be as late as it likes. */
function traceDurationProbe(value: Literal): Probe {
  const leastUs = microsecondsOf(value)
  if (leastUs === undefined) return anything
  return { rank: 8, takesPart: ({ fromUs, toUs, isFromStart }) => !isFromStart || toUs - fromUs >= leastUs }
}

function microsecondsOf(value: Literal): number | undefined {
  const isNumber = value.type === 'duration' || value.type === 'int' || value.type === 'float'
  return isNumber ? Math.floor(Number(value.value) / 1000) : undefined
}

/** Of what is short in each entry a delivery may still be long, when it was told of in several. */
function durationProbe(value: Literal): Probe {
  const leastUs = microsecondsOf(value)
  if (leastUs === undefined) return anything
  const isPart = ({ kind, attempt }: Entry) =>
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

/** No block tells topics themselves: they are looked up in the messages, before anything is put together. */
function topicPatternProbe(value: Literal): Probe {
  if (value.type !== 'string') return anything
  const { matches } = compilePattern(value.value)
  return { rank: 8, takesTopic: matches }
}

function traceProbe(text: string): Probe {
  const traceId = text.toLowerCase().padStart(32, '0')
  return /^[0-9a-f]{32}$/.test(traceId) ? { rank: 0, named: { traceId } } : anything
}

function textProbe(name: string, text: string): Probe {
  const hash = nameHash(text)
  const mayHave = (summary: Summary) => summary.mayHaveName(hash)
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
