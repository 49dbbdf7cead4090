import type { EntryContext } from '@tern/record'
import { secondsBounds } from './series.ts'

const boundsUs = secondsBounds.map((seconds) => seconds * 1e6)

/** Of which message something was told. */
export type Teller = Readonly<{ position: number; context: EntryContext | undefined }>

/** How long many things took, kept as numbers until a series takes them all at once. */
export class Durations {
  count = 0
  sumUs = 0
  readonly buckets = new Float64Array(boundsUs.length + 1)
  /** The last one of each bucket: its length, and whose it was. */
  readonly lastUs = new Float64Array(boundsUs.length + 1)
  readonly lastPosition = new Float64Array(boundsUs.length + 1)
  readonly lastContext = new Array<EntryContext | undefined>(boundsUs.length + 1).fill(undefined)

  add(us: number, { position, context }: Teller): void {
    let bucket = 0
    while (bucket < boundsUs.length && us > boundsUs[bucket]!) bucket++
    this.count++
    this.sumUs += us
    this.buckets[bucket]!++
    this.lastUs[bucket] = us
    this.lastPosition[bucket] = position
    this.lastContext[bucket] = context
  }

  clear(): void {
    this.count = 0
    this.sumUs = 0
    this.buckets.fill(0)
  }
}
