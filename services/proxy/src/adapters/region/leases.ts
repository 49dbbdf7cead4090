import type { group } from '@tern/proto'
import type { Message } from '../../ports.ts'

type Joined = { credit: number; readonly held: Set<number>; waiting: Map<number, () => void> }

/** The shared subscriptions of this proxy in one queue, and the records that it holds of them. */
export class Leases {
  private readonly groups = new Map<string, Joined>()

  join(id: number, name: string, credit: number, then: () => void): void {
    const joined = this.of(name)
    joined.credit = credit
    joined.waiting.set(id, then)
  }

  answered(id: number): void {
    for (const [name, { waiting }] of this.groups) {
      const then = waiting.get(id)
      if (then === undefined) continue
      waiting.delete(id)
      this.forget(name)
      then()
    }
  }

  heldOf(name: string): number[] {
    return [...(this.groups.get(name)?.held ?? [])]
  }

  /** They may come after the last member has gone: then they are held until they are given back. */
  take(name: string, messages: readonly Message[]): void {
    const { held } = this.of(name)
    for (const { position } of messages) held.add(position)
  }

  /** False when it was not held. */
  end(name: string, position: number): boolean {
    const ended = this.groups.get(name)?.held.delete(position) ?? false
    if (ended) this.forget(name)
    return ended
  }

  /** For a new stream: each group with what is held of it, and an answer for each one that waits. */
  restated(queue: number): group.GroupJoin[] {
    const joins: group.GroupJoin[] = []
    for (const [name, { credit, held, waiting }] of this.groups) {
      joins.push({ id: 0, queue, group: name, credit, held: [...held] })
      for (const id of waiting.keys()) joins.push({ id, queue, group: name, credit, held: [] })
    }
    return joins
  }

  private of(name: string): Joined {
    const known = this.groups.get(name)
    if (known) return known
    const fresh: Joined = { credit: 0, held: new Set(), waiting: new Map() }
    this.groups.set(name, fresh)
    return fresh
  }

  /** When nothing is left of it. */
  private forget(name: string): void {
    const joined = this.groups.get(name)
    if (joined?.credit === 0 && joined.held.size === 0 && joined.waiting.size === 0) this.groups.delete(name)
  }
}
