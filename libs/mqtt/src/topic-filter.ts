export type TopicFilter = Readonly<{
  /** The share name of `$share/<name>/<filter>` [MQTT5-4.8.2-1]. */
  share?: string
  filter: string
  wildcard: boolean
}>

/** Takes a filter apart, or returns undefined when it breaks a rule of MQTT 5, sections 4.7 and 4.8.2. */
export function parseFilter(text: string): TopicFilter | undefined {
  if (text.startsWith('$share/')) {
    const nameEnd = text.indexOf('/', 7)
    if (nameEnd < 0) return undefined
    const share = text.slice(7, nameEnd)
    const filter = text.slice(nameEnd + 1)
    if (share === '' || /[+#]/.test(share) || !isValidFilter(filter)) return undefined
    return { share, filter, wildcard: hasWildcard(filter) }
  }
  return isValidFilter(text) && text !== '$share' ? { filter: text, wildcard: hasWildcard(text) } : undefined
}

const hasWildcard = (filter: string): boolean => filter.includes('+') || filter.includes('#')

/** `#` alone or after `/`, and last; `+` a whole level; at least one character [MQTT5-4.7.1-1, -2, 4.7.3-1]. */
function isValidFilter(filter: string): boolean {
  if (filter === '' || filter.includes('\0')) return false
  const levels = filter.split('/')
  return levels.every((level, i) => {
    if (level === '#') return i === levels.length - 1
    return level === '+' || !hasWildcard(level)
  })
}

/** Whether a topic name matches a filter (both valid). Wildcards at the start do not match `$…` [MQTT5-4.7.2-1]. */
export function matches(filter: string, topic: string): boolean {
  if (filter === topic) return true
  if (topic.startsWith('$') && (filter.startsWith('+') || filter.startsWith('#'))) return false
  const wanted = filter.split('/')
  const levels = topic.split('/')
  for (const [i, level] of wanted.entries()) {
    // `a/#` matches `a` itself, too.
    if (level === '#') return true
    if (i >= levels.length) return false
    if (level !== '+' && level !== levels[i]) return false
  }
  return wanted.length === levels.length
}
