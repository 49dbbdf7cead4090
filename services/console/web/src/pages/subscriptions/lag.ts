import type { GroupJson } from '../../gen/tern/v1/subscriptions_pb.js'

export type LagSample = Readonly<{ time: number; backlog: number }>

export const samplesMax = 900
/** A trend is judged over so much of the past. */
const trendMs = 15_000

/** A quarter of an hour of what a group is behind, by its shared filter. */
export function withLag(before: ReadonlyMap<string, readonly LagSample[]>, groups: readonly GroupJson[], time: number) {
  return new Map(
    groups.map(({ sharedFilter = '', backlogMessages }) => {
      const sample = { time, backlog: Number(backlogMessages ?? 0) }
      return [sharedFilter, [...(before.get(sharedFilter) ?? []).slice(1 - samplesMax), sample]] as const
    }),
  )
}

export type Trend = Readonly<{
  word: 'growing' | 'shrinking' | 'steady' | 'not known yet'
  perSecond: number
  drainedInMs?: number
}>

/** Where it goes, and when it is through if it goes on so. */
export function trendOf(samples: readonly LagSample[]): Trend {
  const last = samples.at(-1)
  const first = samples.find(({ time }) => last !== undefined && last.time - time <= trendMs)
  const seconds = last === undefined || first === undefined ? 0 : (last.time - first.time) / 1_000
  if (last === undefined || first === undefined || seconds < 2) return { word: 'not known yet', perSecond: 0 }
  const perSecond = (last.backlog - first.backlog) / seconds
  if (Math.abs(perSecond) < Math.max(1, last.backlog * 0.002)) return { word: 'steady', perSecond }
  if (perSecond > 0) return { word: 'growing', perSecond }
  return { word: 'shrinking', perSecond, drainedInMs: (last.backlog / -perSecond) * 1_000 }
}
