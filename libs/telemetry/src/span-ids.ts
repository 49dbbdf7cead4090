import { hexOf } from './hex.ts'

const offsetBasis = 0x811c9dc5 | 0
const prime = 0x01000193

/** The id of a span that is rendered when it is read: the same whenever, and by whomever; 16 hex digits, never all zero. */
export function spanIdOf(...parts: readonly (string | number)[]): string {
  const text = parts.join('\0')
  let high = offsetBasis
  let low = Math.imul(offsetBasis, prime)
  for (let i = 0; i < text.length; i++) {
    high = Math.imul(high ^ text.charCodeAt(i), prime)
    low = Math.imul(low ^ (text.charCodeAt(i) + i), prime)
  }
  return hexOf(high >>> 0) + hexOf((low | 1) >>> 0)
}

/** Of the span that a message's publish is: the parent of what its publisher may say about it later. */
export const publishSpanIdOf = (queue: number, position: number): string => spanIdOf('publish', queue, position)
