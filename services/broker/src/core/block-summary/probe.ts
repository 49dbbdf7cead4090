import { hashOfFilter, hashOfPublisher } from './topic-hash.ts'

/** What a block must hold for a filter to match there, or for a publisher to be there. */
export type Probe = Readonly<{
  /** Undefined: anything. */
  hash: number | undefined
  /** Nothing at or before this position is for the filter (D2). */
  start: number
}>

/** No filters ask for everything. */
export function probesOf(filters: readonly Readonly<{ filter: string; start: number }>[]): readonly Probe[] {
  if (filters.length === 0) return [{ hash: undefined, start: -1 }]
  return filters.map(({ filter, start }) => ({ hash: hashOfFilter(filter), start }))
}

export const probeOfPublisher = (clientId: string): Probe => ({ hash: hashOfPublisher(clientId), start: -1 })
