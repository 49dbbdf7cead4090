const slotMs = 1000

/** Which clients to look at when: by seconds, rather late than early. Looking at one too often is harmless. */
export class Deadlines {
  readonly #slots = new Map<number, Set<string>>()

  get size(): number {
    return this.#slots.size
  }

  add(clientId: string, atMs: number): void {
    const slot = Math.ceil(atMs / slotMs)
    const clients = this.#slots.get(slot)
    if (clients === undefined) this.#slots.set(slot, new Set([clientId]))
    else clients.add(clientId)
  }

  take(now: number): string[] {
    const due: string[] = []
    for (const [slot, clients] of this.#slots) {
      if (slot * slotMs > now) continue
      due.push(...clients)
      this.#slots.delete(slot)
    }
    return due
  }
}
