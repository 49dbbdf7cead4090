/** Of a topic so many leading levels have a hash of their own; a longer literal prefix is looked for by its first ones. */
export const prefixLevelsMax = 8

const slash = 0x2f
const offsetBasis = 0x811c9dc5 | 0
const prime = 0x01000193

/** FNV-1a over UTF-16 units, as signed numbers: larger ones would be objects of the heap. */
const step = (hash: number, code: number): number => Math.imul(hash ^ code, prime)

/** The hashes of a topic's level prefixes (`a`, `a/b`) and, last, of the whole topic. */
export function visitHashes(topic: string, visit: (hash: number) => void): void {
  let hash = offsetBasis
  let levels = 0
  for (let i = 0; i < topic.length; i++) {
    const code = topic.charCodeAt(i)
    if (code === slash && levels < prefixLevelsMax) {
      visit(hash)
      levels++
    }
    hash = step(hash, code)
  }
  visit(hash)
}

/**
 * A hash that each topic that matches the filter has: that of the topic itself, or of the levels before the first wildcard.
 * Undefined when there are none: any topic may match.
 */
export function hashOfFilter(filter: string): number | undefined {
  const wildcard = filter.search(/[+#]/)
  if (wildcard === 0) return undefined
  // `a/#` matches `a`, too: the slash before the wildcard is no part of the prefix.
  return wildcard < 0 ? hashOf(filter) : hashOf(cut(filter.slice(0, wildcard - 1)))
}

/** No topic has it: none holds U+0000 [MQTT5-4.7.3-2]. */
export const hashOfPublisher = (clientId: string): number => hashOf(clientId, step(offsetBasis, 0))

function hashOf(text: string, basis: number = offsetBasis): number {
  let hash = basis
  for (let i = 0; i < text.length; i++) hash = step(hash, text.charCodeAt(i))
  return hash
}

function cut(prefix: string): string {
  let end = -1
  for (let levels = 0; levels < prefixLevelsMax; levels++) {
    end = prefix.indexOf('/', end + 1)
    if (end < 0) return prefix
  }
  return prefix.slice(0, end)
}
