import type { tempopb } from '@tern/proto'
import type { Attribute, Literal } from '../../ports.ts'
import { type Value, writtenOut } from '../spans/value.ts'
import { Cursor } from '../traceql/cursor.ts'
import { intrinsicOf, typeOf } from '../traceql/intrinsics.ts'
import { parseAttribute } from '../traceql/parse-field.ts'
import { QueryProblem } from '../traceql/syntax.ts'

/** The name of a tag in a path may have been encoded twice (Grafana 10 to 12.2), once, or not at all (9). */
export function decodedTag(raw: string): string {
  let tag = raw
  for (let times = 0; times < 2 && tag.includes('%'); times += 1) {
    try {
      tag = decodeURIComponent(tag)
    } catch {
      return tag
    }
  }
  return tag
}

/** The attribute of that name; undefined: there is none, and so it has no values. */
export function tagNamed(tag: string): Attribute | undefined {
  const intrinsic = intrinsicOf(tag)
  if (intrinsic !== undefined) return intrinsic
  try {
    const cursor = new Cursor(tag)
    const { attribute, ofParent } = parseAttribute(cursor)
    return ofParent || cursor.peek().kind !== 'end' ? undefined : attribute
  } catch (problem) {
    if (problem instanceof QueryProblem) return undefined
    throw problem
  }
}

const keywords: Readonly<Record<string, readonly string[]>> = {
  status: ['error', 'ok', 'unset'],
  kind: ['client', 'consumer', 'internal', 'producer', 'server', 'unspecified'],
}

/** Values that need no looking: the words of a status and of a kind; of durations and places in the tree a list is of no use. */
export function knownValues(attribute: Attribute): readonly tempopb.TagValue[] | undefined {
  if (attribute.scope !== 'intrinsic') return undefined
  const words = keywords[attribute.name]
  if (words !== undefined) return words.map((value) => ({ type: 'keyword', value }))
  return typeOf(attribute) === 'string' && !isIdentity(attribute.name) ? undefined : []
}

/** Each span has its own: nobody picks one from a list. */
const isIdentity = (name: string) => name === 'parent' || /^(trace|span|link):/.test(name)

/** `type` tells the editor how to quote the value and which operators go with it. */
export const tagValueOf = (value: Exclude<Literal, { type: 'nil' }>): tempopb.TagValue => ({
  type: value.type === 'status' || value.type === 'kind' ? 'keyword' : value.type,
  value: writtenOut(value),
})

/** Gathers values of spans, each once, the most frequent first. */
export function tally() {
  const counts = new Map<string, { value: Value; count: number }>()
  return {
    add(value: Value): void {
      const key = `${value.type} ${value.value}`
      const known = counts.get(key)
      if (known === undefined) counts.set(key, { value, count: 1 })
      else known.count += 1
    },
    size: () => counts.size,
    top: (limit: number): readonly Value[] =>
      [...counts.values()]
        .sort((a, b) => b.count - a.count)
        .slice(0, limit)
        .map(({ value }) => value),
  }
}
