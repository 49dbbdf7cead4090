import { DistinctSketch } from './distinct-sketch.ts'
import { Level, type Published } from './level.ts'

export const topicCountLimits = {
  /** Of a queue; then a new level takes the place of a quiet one beside it. About 300 bytes each. */
  levelsMax: 20_000,
  /** UTF-16 units of the names of all levels. */
  nameUnitsMax: 2 * 1024 * 1024,
  childrenMax: 1_000,
  /** What is deeper is counted here. */
  depthMax: 16,
  /** Different topics that wait to be counted; others are left out until they were. */
  waitingMax: 5_000,
  /** Neighbours that are looked at for the quietest. */
  evictionLooks: 8,
} as const

export type Found = Readonly<{ path: string; level: Level }>

/**
 * How busy the topics of one queue are, level by level, within bounded memory. A message costs one look into a map when it comes;
 * the tree is brought up to date later, topic by topic. Where a level has more children than are kept, the busiest stay (space saving).
 */
export class TopicCounts {
  readonly root = new Level()
  /** Not everything could be counted. */
  incomplete = false
  private levels = 0
  private nameUnits = 0
  private readonly waiting = new Map<string, Published>()

  /** A message as it comes. */
  note(topic: string, bytes: number, timeMs: number, position: number): void {
    const known = this.waiting.get(topic)
    if (known !== undefined) {
      known.messages++
      known.bytes += bytes
      known.timeMs = timeMs
      known.position = position
    } else if (this.waiting.size < topicCountLimits.waitingMax) {
      this.waiting.set(topic, { messages: 1, bytes, timeMs, position })
    } else this.incomplete = true
  }

  /** Counts so many of the topics that wait; false when none is left. */
  fold(topicsMax: number): boolean {
    let left = topicsMax
    for (const [topic, published] of this.waiting) {
      if (left-- === 0) return true
      this.waiting.delete(topic)
      this.count(topic, published)
    }
    return false
  }

  /** A topic that is there without having been published to since counting began. */
  seed(topic: string): void {
    const { level, whole } = this.reach(topic, () => {})
    if (whole) level.isTopic = true
  }

  /** The level of a path; undefined when nothing was counted there. */
  find(path: string): Level | undefined {
    let at: Level | undefined = this.root
    for (const name of levelsOf(path)) at = at?.children?.get(name)
    return at
  }

  /** Topics whose path holds the text, in lower case; `more` when there are others. */
  search(text: string, topicsMax: number): Readonly<{ found: Found[]; more: boolean }> {
    const found: Found[] = []
    const open: Found[] = childrenOf('', this.root)
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { path, level } = next
      if (level.isTopic && path.toLowerCase().includes(text)) {
        if (found.length === topicsMax) return { found, more: true }
        found.push(next)
      }
      open.push(...childrenOf(`${path}/`, level))
    }
    return { found, more: false }
  }

  private count(topic: string, published: Published): void {
    const { level, whole } = this.reach(topic, (each) => each.count(published))
    if (!whole) return
    level.isTopic = true
    level.lastPosition = published.position
  }

  /** Visits the levels of a topic from the root on, and makes those that are missing. */
  private reach(topic: string, visit: (level: Level) => void): Readonly<{ level: Level; whole: boolean }> {
    let level = this.root
    visit(level)
    let from = 0
    for (let depth = 0; depth < topicCountLimits.depthMax; depth++) {
      const slash = topic.indexOf('/', from)
      const name = topic.slice(from, slash < 0 ? topic.length : slash)
      const next = level.children?.get(name) ?? this.make(level, name)
      if (next === undefined) break
      level = next
      visit(level)
      if (slash < 0) return { level, whole: true }
      from = slash + 1
    }
    return { level, whole: false }
  }

  /** Undefined when there is no room for one more, and none beside it to take the place of. */
  private make(parent: Level, name: string): Level | undefined {
    const { levelsMax, nameUnitsMax, childrenMax } = topicCountLimits
    const isFull = this.levels >= levelsMax || this.nameUnits >= nameUnitsMax
    const beside = parent.children?.size ?? 0
    if (isFull && beside === 0) {
      this.incomplete = true
      return undefined
    }
    // A slice keeps the whole topic in memory that it was cut from.
    const own = Buffer.from(name).toString()
    parent.children ??= new Map()
    const made = new Level()
    if (isFull || beside >= childrenMax) this.evict(parent, own, made)
    else parent.turns?.names.push(own)
    parent.met?.add(own)
    parent.children.set(own, made)
    this.levels++
    this.nameUnits += own.length
    return made
  }

  /** The quietest of some neighbours goes, and the next time it is the turn of others (a clock, as caches have it). */
  private evict(parent: Level, name: string, made: Level): void {
    const children = parent.children as Map<string, Level>
    parent.turns ??= { names: [...children.keys()], next: 0 }
    if (parent.met === undefined) {
      parent.met = new DistinctSketch()
      for (const each of children.keys()) parent.met.add(each)
    }
    const { names, next } = parent.turns
    const looks = Math.min(names.length, topicCountLimits.evictionLooks)
    let quietest = next
    for (let look = 1; look < looks; look++) {
      const at = (next + look) % names.length
      if (standingOf(children, names[at]) < standingOf(children, names[quietest])) quietest = at
    }
    const gone = names[quietest] as string
    const level = children.get(gone) as Level
    made.borrowed = level.messages + level.borrowed
    children.delete(gone)
    names[quietest] = name
    parent.turns.next = (next + looks) % names.length
    this.forget(gone, level)
  }

  private forget(name: string, level: Level): void {
    this.levels--
    this.nameUnits -= name.length
    for (const [each, child] of level.children ?? []) this.forget(each, child)
  }
}

function standingOf(children: ReadonlyMap<string, Level>, name: string | undefined): number {
  const level = children.get(name as string)
  return level === undefined ? 0 : level.messages + level.borrowed
}

const childrenOf = (prefix: string, { children }: Level): Found[] =>
  [...(children ?? [])].map(([name, level]) => ({ path: `${prefix}${name}`, level }))

/** "/" alone is the empty first level of topics that begin with a slash. */
const levelsOf = (path: string): string[] => (path === '' ? [] : path === '/' ? [''] : path.split('/'))
