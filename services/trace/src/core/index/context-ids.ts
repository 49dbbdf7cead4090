/** A record of tern.trace. */
export type Place = Readonly<{ queue: number; offset: number }>

/** Places of one trace that are remembered: the first of them tell of most. */
const placesMax = 64
const queueFactor = 0x1_0000

/** Which records tell of traces whose ids others drew. By the first 52 bits of an id: whoever reads a record looks at the rest. */
export class ContextIds {
  private readonly idsMax: number
  private readonly places = new Map<number, number | number[]>()

  constructor(idsMax: number) {
    this.idsMax = idsMax
  }

  get size(): number {
    return this.places.size
  }

  add(traceId: string, { queue, offset }: Place): void {
    const key = keyOf(traceId)
    const place = offset * queueFactor + queue
    const known = this.places.get(key)
    if (known === undefined) {
      this.places.set(key, place)
      if (this.places.size > this.idsMax) this.forgetOldest()
    } else if (typeof known === 'number') {
      if (known !== place) this.places.set(key, [known, place])
    } else if (known.length < placesMax && known.at(-1) !== place) known.push(place)
  }

  get(traceId: string): Place[] {
    const known = this.places.get(keyOf(traceId)) ?? []
    const list = typeof known === 'number' ? [known] : known
    return list.map((place) => ({ queue: place % queueFactor, offset: Math.floor(place / queueFactor) }))
  }

  private forgetOldest(): void {
    const [oldest] = this.places.keys()
    if (oldest !== undefined) this.places.delete(oldest)
  }
}

const keyOf = (traceId: string): number => Number.parseInt(traceId.slice(0, 13), 16)
