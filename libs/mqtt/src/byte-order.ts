const surrogateFirst = 0xd800
const surrogateEnd = 0xe000

/**
 * Strings compare by UTF-16 units, pages of topics go by UTF-8 bytes, and the two differ where a surrogate meets
 * U+E000 to U+FFFF. A sort key is the topic with those two ranges swapped: keys compare as the bytes of their topics do.
 */
export const sortKeyOf = (topic: string): string => shifted(topic, surrogateFirst, surrogateEnd, 0x2000, -0x800)

export const topicOf = (sortKey: string): string => shifted(sortKey, surrogateFirst, 0xf800, 0x800, -0x2000)

function shifted(text: string, first: number, middle: number, below: number, above: number): string {
  let from = 0
  while (from < text.length && text.charCodeAt(from) < first) from++
  if (from === text.length) return text
  const units: string[] = [text.slice(0, from)]
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < first) units.push(String.fromCharCode(unit))
    else units.push(String.fromCharCode(unit + (unit < middle ? below : above)))
  }
  return units.join('')
}
