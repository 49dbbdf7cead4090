import { isValidString, levelCount, levelEnd, topicLevelsMax } from './topic.ts'

export type TopicFilter = Readonly<{
  /** The share name of `$share/<name>/<filter>` [MQTT5-4.8.2-1]. */
  share?: string
  filter: string
  wildcard: boolean
}>

const sharePrefix = '$share/'
const dollar = 0x24
const plus = 0x2b
const hash = 0x23

/** Takes a filter apart, or returns undefined when it breaks a rule of MQTT 5, sections 4.7 and 4.8.2, or has too many levels. */
export function parseFilter(text: string): TopicFilter | undefined {
  if (!isValidString(text)) return undefined
  if (!text.startsWith(sharePrefix)) {
    return isWellPlaced(text) && text !== '$share' ? { filter: text, wildcard: hasWildcard(text) } : undefined
  }
  const nameEnd = text.indexOf('/', sharePrefix.length)
  if (nameEnd < 0) return undefined
  const share = text.slice(sharePrefix.length, nameEnd)
  const filter = text.slice(nameEnd + 1)
  if (share === '' || hasWildcard(share) || !isWellPlaced(filter)) return undefined
  return { share, filter, wildcard: hasWildcard(filter) }
}

const hasWildcard = (filter: string): boolean => filter.includes('+') || filter.includes('#')

/** `#` alone or after `/`, and last; `+` a whole level; at least one character [MQTT5-4.7.1-1, -2, 4.7.3-1]. */
function isWellPlaced(filter: string): boolean {
  if (filter === '' || levelCount(filter) > topicLevelsMax) return false
  if (!hasWildcard(filter)) return true
  const levels = filter.split('/')
  return levels.every((level, i) => {
    if (level === '#') return i === levels.length - 1
    return level === '+' || !hasWildcard(level)
  })
}

/** Wildcards at the start do not match topics that start with `$` [MQTT5-4.7.2-1]. */
const isHiddenFrom = (filter: string, topic: string): boolean => {
  if (topic.charCodeAt(0) !== dollar) return false
  const first = filter.charCodeAt(0)
  return first === plus || first === hash
}

/** Whether a topic name matches a filter (both valid). Byte for byte: nothing is normalised [MQTT5-4.7.3-4]. */
export function matches(filter: string, topic: string): boolean {
  if (filter === topic) return true
  if (isHiddenFrom(filter, topic)) return false
  let at = 0
  let from = 0
  for (;;) {
    if (filter.charCodeAt(at) === hash) return true
    const end = levelEnd(filter, at)
    const to = levelEnd(topic, from)
    if (filter.charCodeAt(at) !== plus && !sameLevel(filter, at, end, topic, from, to)) return false
    if (to === topic.length) {
      // The last level of the topic: `a/#` matches `a` itself, too.
      return end === filter.length || (end === filter.length - 2 && filter.charCodeAt(end + 1) === hash)
    }
    if (end === filter.length) return false
    at = end + 1
    from = to + 1
  }
}

function sameLevel(filter: string, at: number, end: number, topic: string, from: number, to: number): boolean {
  if (end - at !== to - from) return false
  for (let i = 0; i < end - at; i++) if (filter.charCodeAt(at + i) !== topic.charCodeAt(from + i)) return false
  return true
}
