import { type Entry, partsOf } from './history.ts'

/** From one publisher over one topic to a receiver: a subscriber, or any member of a group. */
export type Path = Readonly<{ publisher: string; topic: string; receivers: readonly string[] }>

/** When each path delivers again after a moment: the first delivery of what was published after it. */
export class Resumption {
  private readonly from: number
  private readonly open = new Map<string, Path>()
  private readonly after = new Set<string>()
  /** In milliseconds from the moment. */
  readonly times: number[] = []
  /** Who came last. */
  last = ''

  constructor(from: number, paths: readonly Path[]) {
    this.from = from
    for (const path of paths) for (const receiver of path.receivers) this.open.set(idOf(path, receiver), path)
  }

  take(entry: Entry): void {
    if (entry.kind === 'invoke' && entry.at >= this.from) this.after.add(entry.key)
    if (entry.kind !== 'delivery' || !this.after.has(entry.key)) return
    const path = this.open.get(idOf(partsOf(entry.key), entry.actor))
    if (path === undefined) return
    this.times.push(entry.at - this.from)
    this.last = entry.actor
    for (const receiver of path.receivers) this.open.delete(idOf(path, receiver))
  }

  get waiting(): readonly Path[] {
    return [...new Set(this.open.values())]
  }
}

const idOf = ({ publisher, topic }: Readonly<{ publisher: string; topic: string }>, receiver: string) =>
  `${publisher} ${topic} ${receiver}`

/** "p50 3120, p99 3300, max 3304", in milliseconds. */
export function summaryOf(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`
}
