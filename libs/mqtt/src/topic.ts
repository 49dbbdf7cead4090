/** Deeper topics and filters are refused: matching costs a step for each level, and no fleet needs as many. */
export const topicLevelsMax = 128

/** Lengths on the wire have two bytes [MQTT5-4.7.3-3]. */
export const stringBytesMax = 65_535

const slash = 0x2f

export function levelCount(text: string): number {
  let count = 1
  for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) count++
  return count
}

/** Whether a string can stand on the wire: well-formed, without U+0000, not too long [MQTT5-1.5.4-1, -2]. */
export function isValidString(text: string): boolean {
  if (text.includes('\0') || !text.isWellFormed()) return false
  // A UTF-16 unit takes three bytes at most, so that only long strings need counting.
  return text.length * 3 <= stringBytesMax || Buffer.byteLength(text) <= stringBytesMax
}

/** At least one character, no wildcard, a bounded number of levels [MQTT5-4.7.0-1] [MQTT5-4.7.3-1] [MQTT5-3.3.2-2]. */
export function isValidTopicName(text: string): boolean {
  if (text === '' || text.includes('+') || text.includes('#')) return false
  return isValidString(text) && levelCount(text) <= topicLevelsMax
}

/** The end of the level that begins at `from`. */
export function levelEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) !== slash) at++
  return at
}
