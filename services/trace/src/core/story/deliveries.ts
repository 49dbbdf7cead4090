import { type EntryKind, entryKind, isFailure } from '@tern/record'
import type { Story, Told } from './story.ts'

export type Outcome = keyof typeof entryKind

const names = Object.fromEntries(Object.entries(entryKind).map(([name, kind]) => [kind, name])) as Record<
  EntryKind,
  Outcome
>

/** What happened between a message and one client by one of its filters. */
export type Delivery = Readonly<{
  clientId: string
  filter: string
  /** In the order in which it happened, each once. */
  told: readonly Told[]
  /** What decided, as far as it is known now. */
  last: Told
}>

/** Deliveries of a message in the order in which they began. */
export function deliveriesOf({ told }: Story): Delivery[] {
  const ofClients = told.filter(({ kind }) => kind !== entryKind.published && kind !== entryKind.publishRefused)
  const groups = Map.groupBy(ofClients, ({ clientId, name }) => `${clientId}\0${name}`)
  const deliveries = [...groups.values()].map((group): Delivery => {
    const inOrder = withoutDoubles(group).sort((a, b) => a.endUs - b.endUs || rank(a) - rank(b))
    const last = inOrder.at(-1) as Told
    return { clientId: last.clientId, filter: last.name, told: inOrder, last }
  })
  return deliveries.sort((a, b) => startOf(a) - startOf(b))
}

export const nameOf = ({ kind }: Told): Outcome => names[kind]
export const startOf = ({ told }: Delivery): number => Math.min(...told.map(({ startUs }) => startUs))
export const hasFailed = ({ last }: Delivery): boolean => isFailure(last.kind)
/** The client has it, as far as its QoS tells. */
export const isDone = ({ last }: Delivery): boolean => last.kind === entryKind.acked || last.kind === entryKind.written

/** A block may stand in the log twice. */
const withoutDoubles = (told: readonly Told[]): Told[] => [
  ...new Map(told.map((each) => [`${each.kind}/${each.startUs}/${each.endUs}/${each.attempt}`, each])).values(),
]

/** Of two that are told for the same microsecond, the more final one is the later one. */
function rank({ kind }: Told): number {
  if (kind === entryKind.waiting) return 0
  if (kind === entryKind.pending) return 1
  return kind === entryKind.interrupted ? 2 : 3
}
