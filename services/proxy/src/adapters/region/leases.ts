import type { group } from '@tern/proto'
import type { Message } from '../../ports.ts'

type Joined = { credit: number; readonly held: Set<number>; waiting: Map<number, () => void> }

/** The shared subscriptions of this proxy in one queue, and the records that it holds of them. */
export class Leases {
  private readonly groups = new Map<string, Joined>()

  join(id: number, name: string, credit: number, then: () => void): void {
    const known = this.groups.get(name)
    const joined = known ?? { credit, held: new Set(), waiting: new Map() }
    joined.credit = credit
    joined.waiting.set(id, then)
    this.groups.set(name, joined)
  }

  answered(id: number): void {
    for (const [name, { credit, held, waiting }] of this.groups) {
      const then = waiting.get(id)
      if (then === undefined) continue
      waiting.delete(id)
      if (credit === 0 && held.size === 0 && waiting.size === 0) this.groups.delete(name)
      then()
    }
  }

  heldOf(name: string): number[] {
    return [...(this.groups.get(name)?.held ?? [])]
  }

  take(name: string, messages: readonly Message[]): void {
    const held = this.groups.get(name)?.held
    for (const { position } of messages) held?.add(position)
  }

  /** False when it was not held. */
  end(name: string, position: number): boolean {
    return this.groups.get(name)?.held.delete(position) ?? false
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
}
