import type { group } from '@tern/proto'
import type { TakenPosition, Taker } from '../../ports.ts'

type Attached = { id: number; readonly listed: (taken: readonly TakenPosition[]) => void }

/** Sessions that want to know, at each owner of one queue, what they have taken of its groups. */
export class Takers {
  private readonly attached = new Map<Taker, Attached>()
  private readonly queue: number
  private asked = 0

  constructor(queue: number) {
    this.queue = queue
  }

  attach(taker: Taker, listed: Attached['listed']): group.TakerAttach {
    const attached = { id: 0, listed }
    this.attached.set(taker, attached)
    return this.ask(taker, attached)
  }

  /** What to tell the owner. */
  detach(taker: Taker): group.TakerAttach | undefined {
    return this.attached.delete(taker) ? { id: 0, queue: this.queue, taker, gone: true } : undefined
  }

  /** Answers to earlier questions are no answers: they may come late, by another way. */
  answered({ id, taken }: group.TakerAttachAnswer): void {
    for (const attached of this.attached.values()) if (attached.id === id) attached.listed(taken)
  }

  /** For a new stream. */
  restated(): group.TakerAttach[] {
    return [...this.attached].map(([taker, attached]) => this.ask(taker, attached))
  }

  private ask(taker: Taker, attached: Attached): group.TakerAttach {
    attached.id = ++this.asked
    return { id: attached.id, queue: this.queue, taker, gone: false }
  }
}
