import type { scan } from '@tern/proto'

/**
 * Bytes that every record holds that is asked for. What a batch of the log does not hold, none of its records does: such a batch
 * needs not be taken apart, which is most of what a look costs.
 */
export function needlesOf(conditions: scan.ScanConditions): Buffer[] {
  const { filter, publisherClientId, userProperties, payloadContains } = conditions
  const texts = [
    ...literalsOf(filter),
    publisherClientId,
    ...userProperties.flatMap(({ name, value }) => [name, value]),
  ].filter((text) => text !== '')
  return [
    ...texts.map((text) => Buffer.from(text)),
    ...(payloadContains.length > 0 ? [Buffer.from(payloadContains)] : []),
  ]
}

/** The parts of a filter between its wildcards, with the slashes that a topic has there. */
function literalsOf(filter: string): string[] {
  if (filter === '') return []
  const literals: string[] = []
  let literal = ''
  for (const [i, level] of filter.split('/').entries()) {
    // `a/#` matches `a`, too: its slash may be missing.
    if (level === '#') break
    const joined = i === 0 ? '' : '/'
    if (level === '+') {
      literals.push(literal + joined)
      literal = ''
    } else literal += joined + level
  }
  return [...literals, literal]
}
