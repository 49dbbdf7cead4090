/** A level of the trie. `values` belong to filters that end here, `below` to those that go on with `#`. */
type Branch<Value> = {
  children: Map<string, Branch<Value>> | undefined
  anyChild: Branch<Value> | undefined
  values: Set<Value> | undefined
  below: Set<Value> | undefined
}

const dollar = 0x24

const grow = <Value>(): Branch<Value> => ({
  children: undefined,
  anyChild: undefined,
  values: undefined,
  below: undefined,
})

const isBare = <Value>(branch: Branch<Value>): boolean =>
  branch.children === undefined &&
  branch.anyChild === undefined &&
  branch.values === undefined &&
  branch.below === undefined

/**
 * Finds the values whose filters match a topic. Exact filters cost one look-up; wildcards cost the branches that the
 * topic can reach, so never more than there are. Filters come from `parseFilter` (without `$share/name/`), which also
 * bounds the depth.
 */
export class TopicTree<Value> {
  private readonly exact = new Map<string, Set<Value>>()
  private readonly root: Branch<Value> = grow()
  private wildcardCount = 0
  private exactCount = 0

  /** The number of (filter, value) pairs. */
  get size(): number {
    return this.exactCount + this.wildcardCount
  }

  get isEmpty(): boolean {
    return this.size === 0
  }

  /** Returns false when the pair was there already. */
  add(filter: string, value: Value): boolean {
    if (!isWildcard(filter)) {
      const added = addTo(this.exact.get(filter), value, (values) => this.exact.set(filter, values))
      if (added) this.exactCount++
      return added
    }
    let branch = this.root
    let added: boolean | undefined
    for (const level of filter.split('/')) {
      if (level === '#') {
        const here = branch
        added = addTo(here.below, value, (values) => {
          here.below = values
        })
      } else {
        branch = branchTo(branch, level)
      }
    }
    added ??= addTo(branch.values, value, (values) => {
      branch.values = values
    })
    if (added) this.wildcardCount++
    return added
  }

  /** Returns false when there was no such pair. */
  remove(filter: string, value: Value): boolean {
    if (isWildcard(filter)) {
      const removed = prune(this.root, filter.split('/'), 0, value)
      if (removed) this.wildcardCount--
      return removed
    }
    const values = this.exact.get(filter)
    if (!values?.delete(value)) return false
    if (values.size === 0) this.exact.delete(filter)
    this.exactCount--
    return true
  }

  /** Visits a value once for each of its filters that match. The tree must not change meanwhile. */
  match(topic: string, visit: (value: Value) => void): void {
    if (this.exactCount > 0) visitAll(this.exact.get(topic), visit)
    if (this.wildcardCount === 0) return
    const levels = topic.split('/')
    if (topic.charCodeAt(0) !== dollar) {
      walk(this.root, levels, 0, visit)
      return
    }
    // Wildcards at the start do not match `$…` [MQTT5-4.7.2-1].
    const first = this.root.children?.get(levels[0] as string)
    if (first) walk(first, levels, 1, visit)
  }
}

const isWildcard = (filter: string): boolean => filter.includes('+') || filter.endsWith('#')

function addTo<Value>(values: Set<Value> | undefined, value: Value, place: (values: Set<Value>) => void): boolean {
  if (values === undefined) {
    place(new Set([value]))
    return true
  }
  if (values.has(value)) return false
  values.add(value)
  return true
}

function branchTo<Value>(branch: Branch<Value>, level: string): Branch<Value> {
  if (level === '+') {
    branch.anyChild ??= grow()
    return branch.anyChild
  }
  branch.children ??= new Map()
  const known = branch.children.get(level)
  if (known) return known
  const child = grow<Value>()
  branch.children.set(level, child)
  return child
}

function visitAll<Value>(values: Set<Value> | undefined, visit: (value: Value) => void): void {
  if (values) for (const value of values) visit(value)
}

/** The depth is that of the tree, which `topicLevelsMax` bounds, however deep the topic is. */
function walk<Value>(
  branch: Branch<Value>,
  levels: readonly string[],
  depth: number,
  visit: (value: Value) => void,
): void {
  // `a/#` matches `a` itself, too, hence before the end is looked for.
  if (branch.below) visitAll(branch.below, visit)
  if (depth === levels.length) {
    if (branch.values) visitAll(branch.values, visit)
    return
  }
  if (branch.anyChild) walk(branch.anyChild, levels, depth + 1, visit)
  const child = branch.children?.get(levels[depth] as string)
  if (child) walk(child, levels, depth + 1, visit)
}

/** Removes the value, and on the way back each branch that it leaves bare. */
function prune<Value>(branch: Branch<Value>, levels: readonly string[], depth: number, value: Value): boolean {
  const level = levels[depth]
  if (level === undefined || level === '#') {
    const kind = level === '#' ? 'below' : 'values'
    const removed = branch[kind]?.delete(value) ?? false
    if (branch[kind]?.size === 0) branch[kind] = undefined
    return removed
  }
  const child = level === '+' ? branch.anyChild : branch.children?.get(level)
  if (child === undefined || !prune(child, levels, depth + 1, value)) return false
  if (!isBare(child)) return true
  if (level === '+') branch.anyChild = undefined
  else branch.children?.delete(level)
  if (branch.children?.size === 0) branch.children = undefined
  return true
}
