import type { envelope } from '@tern/proto'
import { type EntryContext, entryKind } from '@tern/record'
import { parseTraceparent } from '@tern/telemetry'
import type { Ledger } from './ledger.ts'

/** What is kept of a publish until its answer comes. `topic` null: a marker, of which nothing is told. */
export type Publish = Readonly<{
  clientId: string
  topic: string | null
  qos: number
  context: EntryContext | undefined
  receivedUs: number
}>

/** A record was answered just now: the ledger gets its publish half. What a newer connection overtook has none. */
export function tellPublish(
  ledger: Ledger,
  queue: number,
  { clientId, topic, qos, context, receivedUs }: Publish,
  verdict: 'stored' | 'superseded' | number,
  position: number,
  durableUs: number,
): void {
  if (topic === null || position < 0 || verdict === 'superseded') return
  const refused = typeof verdict === 'number'
  const kind = refused ? entryKind.publishRefused : entryKind.published
  const code = refused ? verdict : 0
  const now = ledger.now()
  ledger.put(kind, queue, position, qos, receivedUs, durableUs, now, clientId, topic, 1, code, '', context)
}

/** What the publisher said of its trace, if it said it once and well. `sampled` is not of the ledger. */
export function contextOf(
  userProperties: readonly envelope.UserProperty[],
): (EntryContext & Readonly<{ sampled: boolean }>) | undefined {
  if (userProperties.length === 0) return undefined
  const given = userProperties.filter(({ name }) => name === 'traceparent').map(({ value }) => value)
  return given.length === 0 ? undefined : parseTraceparent(given)
}
