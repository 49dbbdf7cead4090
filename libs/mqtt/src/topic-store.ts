import { sortKeyOf, topicOf } from './byte-order.ts'
import { SortedKeys } from './sorted-keys.ts'
import { levelEnd } from './topic.ts'
import { matches } from './topic-filter.ts'

/** A page looks at no more keys than this, so that a filter which matches little does not hold up the event loop. */
export const keysPerPageMax = 10_000

/** `next` is given while there may be more: ask again with it as `afterTopic`. A page can be short, even empty, and have one. */
export type TopicPage<Value> = { entries: [topic: string, value: Value][]; next?: string }

const hash = 0x23
const plus = 0x2b
const dollar = 0x24

/** Values by topic name, found by filter, a page at a time, in the byte order of the topics. */
export class TopicStore<Value> {
  private readonly values = new Map<string, Value>()
  private readonly keys = new SortedKeys()

  get size(): number {
    return this.values.size
  }

  get(topic: string): Value | undefined {
    return this.values.get(topic)
  }

  set(topic: string, value: Value): void {
    if (!this.values.has(topic)) this.keys.add(sortKeyOf(topic))
    this.values.set(topic, value)
  }

  delete(topic: string): boolean {
    if (!this.values.delete(topic)) return false
    this.keys.delete(sortKeyOf(topic))
    return true
  }

  /** The topics after `afterTopic` ('' for the first page) that match a filter from `parseFilter`. */
  matching(filter: string, afterTopic: string, limit: number): TopicPage<Value> {
    const wanted = sortKeyOf(filter)
    const entries: [string, Value][] = []
    let key = this.keys.from(max(prefixOf(wanted), afterTopic === '' ? '' : after(sortKeyOf(afterTopic))))
    let last = afterTopic
    for (let looked = 0; key !== undefined; looked++) {
      if (entries.length >= limit || looked >= keysPerPageMax) return { entries, next: last }
      last = topicOf(key)
      if (matches(wanted, key)) entries.push([last, this.values.get(last) as Value])
      const bound = nextBound(wanted, key)
      if (bound === undefined) break
      key = this.keys.from(bound)
    }
    return { entries }
  }
}

const max = (a: string, b: string): string => (a < b ? b : a)

/** The smallest key above this one. */
const after = (key: string): string => `${key}\0`

/** What each match begins with: nothing below it needs to be looked at. */
function prefixOf(filter: string): string {
  for (let at = 0; ; ) {
    const first = filter.charCodeAt(at)
    if (first === hash) return filter.slice(0, Math.max(0, at - 1))
    if (first === plus) return filter.slice(0, at)
    at = levelEnd(filter, at) + 1
    if (at > filter.length) return filter
  }
}

/**
 * The smallest key above `key` that can match, so that whole branches are stepped over: a look at each branch which a
 * `+` lets through, not at each key. Undefined when nothing above can match.
 */
function nextBound(filter: string, key: string): string | undefined {
  if (key.charCodeAt(0) === dollar && (filter.charCodeAt(0) === plus || filter.charCodeAt(0) === hash)) return '%'
  let at = 0
  let from = 0
  // The end of the part before the last `+` level met: from here the search can go on with another level.
  let open = -1
  for (;;) {
    if (filter.charCodeAt(at) === hash) return after(key)
    const end = levelEnd(filter, at)
    const to = levelEnd(key, from)
    if (filter.charCodeAt(at) === plus) {
      open = to
    } else if (key.slice(from, to) !== filter.slice(at, end)) {
      const bound = key.slice(0, from) + filter.slice(at, end)
      if (key < bound) return bound
      // `b!` stands between `b` and `b/…`, so that being above `b` is not being above all that begins with it.
      if (end < filter.length && key < `${bound}/`) return `${bound}/`
      return open < 0 ? undefined : past(key, open)
    }
    if (end === filter.length) {
      // Deeper than the filter: so are all that begin with this and a slash.
      if (to < key.length) return open < 0 ? undefined : past(key, open)
      return after(key)
    }
    if (to === key.length) return after(key)
    at = end + 1
    from = to + 1
  }
}

/** The smallest key above all those that begin with key[0, end) and a slash. */
const past = (key: string, end: number): string => `${key.slice(0, end)}0`
