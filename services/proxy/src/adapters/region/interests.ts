import type { deliver } from '@tern/proto'

/** Which filters this proxy needs from one queue, counted over its clients, and who waits for a start position. */
export class Interests {
  private readonly counts = new Map<string, number>()
  private readonly waiting = new Map<number, (position: number) => void>()

  add(filter: string): void {
    this.counts.set(filter, (this.counts.get(filter) ?? 0) + 1)
  }

  /** True when nobody needs the filter any more. */
  remove(filter: string): boolean {
    const count = this.counts.get(filter)
    if (count === undefined) return false
    if (count > 1) this.counts.set(filter, count - 1)
    else this.counts.delete(filter)
    return count === 1
  }

  wait(id: number, then: (position: number) => void): void {
    this.waiting.set(id, then)
  }

  answered(id: number, position: number): void {
    const then = this.waiting.get(id)
    this.waiting.delete(id)
    then?.(position)
  }

  isWaiting(id: number): boolean {
    return this.waiting.has(id)
  }

  /** For a new stream: all filters first, then an answer for each one that waits. */
  restated(queue: number): deliver.Interest[] {
    const all: deliver.Interest = { id: 0, queue, add: [...this.counts.keys()], remove: [] }
    const parts = all.add.length > 0 ? [all] : []
    for (const id of this.waiting.keys()) parts.push({ id, queue, add: [], remove: [] })
    return parts
  }
}
