import type { Sample } from '../../lib/use-topology.ts'

export type Piece = Readonly<{ from: number; to: number; state: string }>

/** What a zone was, from when to when: neighbours of the same state are one piece. */
export function piecesOf(zone: string, samples: readonly Sample[]): Piece[] {
  const pieces: { from: number; to: number; state: string }[] = []
  for (const { time, zones } of samples) {
    const state = zones.find(({ name }) => name === zone)?.state ?? ''
    const last = pieces.at(-1)
    if (last !== undefined) last.to = time
    if (last?.state !== state) pieces.push({ from: time, to: time + 1_000, state })
  }
  return pieces
}

/** Minutes on the line, as whole ones of the clock. */
export function ticksOf(from: number, to: number, everyMs: number): number[] {
  const first = Math.ceil(from / everyMs) * everyMs
  return Array.from({ length: Math.max(0, Math.floor((to - first) / everyMs) + 1) }, (_, i) => first + i * everyMs)
}
