import { parseFilter, reasonCode } from '@tern/mqtt'
import { subscriptionLimits } from './limits.ts'

/**
 * How many filters have their `+` at the same levels. A topic leads through a topic tree on as many ways as there are such shapes
 * at most, so that their number times the levels of a topic bounds what matching it costs.
 */
export class WildcardShapes {
  private readonly counts = new Map<string, number>()

  get size(): number {
    return this.counts.size
  }

  has(shape: string): boolean {
    return this.counts.has(shape)
  }

  add(shape: string): void {
    this.counts.set(shape, (this.counts.get(shape) ?? 0) + 1)
  }

  delete(shape: string): void {
    const count = this.counts.get(shape) ?? 0
    if (count > 1) this.counts.set(shape, count - 1)
    else this.counts.delete(shape)
  }
}

/** The filters of one session, and what it may still have beside them. `everyones`: the shapes of all sessions at this proxy. */
export class HeldFilters {
  private readonly shapes = new WildcardShapes()
  private readonly everyones: WildcardShapes
  private readonly byFilter = new Map<string, string>()

  constructor(everyones: WildcardShapes) {
    this.everyones = everyones
  }

  has(filter: string): boolean {
    return this.byFilter.has(filter)
  }

  /** The code that refuses a new filter; undefined when there is room for it. An equal one only takes the place of the other. */
  refusalOf(filter: string): number | undefined {
    if (this.byFilter.has(filter)) return undefined
    if (this.byFilter.size >= subscriptionLimits.filtersMax) return reasonCode.quotaExceeded
    const shape = shapeOf(filter)
    const { shapesMax, shapesOfAllMax } = subscriptionLimits
    const own = shape === '' || this.shapes.has(shape) || this.shapes.size < shapesMax
    const all = shape === '' || this.everyones.has(shape) || this.everyones.size < shapesOfAllMax
    return own && all ? undefined : reasonCode.quotaExceeded
  }

  /** Returns false when it was there already. A session that comes back has its filters, whatever the others have meanwhile. */
  add(filter: string): boolean {
    if (this.byFilter.has(filter)) return false
    const shape = shapeOf(filter)
    this.byFilter.set(filter, shape)
    if (shape !== '') for (const shapes of [this.shapes, this.everyones]) shapes.add(shape)
    return true
  }

  /** Returns false when it was not there. */
  delete(filter: string): boolean {
    const shape = this.byFilter.get(filter)
    if (shape === undefined) return false
    this.byFilter.delete(filter)
    if (shape !== '') for (const shapes of [this.shapes, this.everyones]) shapes.delete(shape)
    return true
  }

  /** Forgets all, and returns what was held. */
  clear(): string[] {
    const filters = [...this.byFilter.keys()]
    for (const filter of filters) this.delete(filter)
    return filters
  }
}

/** The levels at which the filter has a `+`; empty when it has none: then it is one way of the topic, or less. */
function shapeOf(text: string): string {
  const levels = parseFilter(text)?.filter.split('/') ?? []
  return levels.flatMap((level, at) => (level === '+' ? at : [])).join()
}
