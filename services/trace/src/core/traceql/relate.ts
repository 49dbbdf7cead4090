import type { SpanView } from '../spans/trace-view.ts'
import type { Relation } from './syntax.ts'

type Related = (view: SpanView) => boolean

/** Tells of a span whether some span of `left` stands in the relation to it: `>` has its parent there, `<<` a span below it. */
export function relatedTo(relation: Relation, left: readonly SpanView[]): Related {
  const set = new Set(left)
  switch (relation) {
    case '>':
      return ({ parent }) => parent !== undefined && set.has(parent)
    case '<':
      return ({ children }) => children.some((child) => set.has(child))
    case '~':
      return siblings(left)
    case '>>':
      return below(set)
    case '<<': {
      const above = new Set<SpanView>()
      for (const view of left) {
        for (let up = view.parent; up !== undefined && !above.has(up); up = up.parent) above.add(up)
      }
      return (view) => above.has(view)
    }
  }
}

/** Each span is climbed from once: what was learned on the way is kept for all that were passed. */
function below(set: ReadonlySet<SpanView>): Related {
  const known = new Map<SpanView, boolean>()
  return (view) => {
    const passed: SpanView[] = []
    let answer = false
    for (let here: SpanView | undefined = view; here !== undefined; here = here.parent) {
      const before = known.get(here)
      if (before !== undefined) {
        answer = before
        break
      }
      passed.push(here)
      if (here.parent !== undefined && set.has(here.parent)) {
        answer = true
        break
      }
    }
    for (const each of passed) known.set(each, answer)
    return answer
  }
}

function siblings(left: readonly SpanView[]): Related {
  const byParent = new Map<SpanView, Set<SpanView>>()
  for (const view of left) {
    if (view.parent === undefined) continue
    byParent.set(view.parent, (byParent.get(view.parent) ?? new Set()).add(view))
  }
  return (view) => {
    const others = view.parent === undefined ? undefined : byParent.get(view.parent)
    return others !== undefined && others.size > (others.has(view) ? 1 : 0)
  }
}
