/** A span before it is written in one of the forms in which others read it. Times are microseconds since 1970. */
export type RenderedSpan = Readonly<{
  spanId: string
  /** Empty: a root. */
  parentSpanId: string
  name: string
  kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal'
  service: 'tern-proxy' | 'tern-broker'
  zone: string
  /** Of the process; 0: not known. */
  instance: number
  startUs: number
  endUs: number
  isError: boolean
  statusMessage: string
  attributes: Attributes
  events: readonly RenderedEvent[]
  links: readonly Readonly<{ traceId: string; spanId: string }>[]
}>

export type Attributes = Readonly<Record<string, string | number | boolean>>
export type RenderedEvent = Readonly<{ timeUs: number; name: string; attributes: Attributes }>

const offsetBasis = 0x811c9dc5 | 0
const prime = 0x01000193

/** The same span has the same id whenever, and by whomever, it is rendered. */
export function spanIdOf(...parts: readonly (string | number)[]): string {
  const text = parts.join('\0')
  let high = offsetBasis
  let low = Math.imul(offsetBasis, prime)
  for (let i = 0; i < text.length; i++) {
    high = Math.imul(high ^ text.charCodeAt(i), prime)
    low = Math.imul(low ^ (text.charCodeAt(i) + i), prime)
  }
  return hex(high) + hex(low | 1)
}

const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0')
