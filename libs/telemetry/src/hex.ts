const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Eight hex digits of a 32-bit word. */
export const hexOf = (word: number): string =>
  pairs[word >>> 24]! + pairs[(word >>> 16) & 0xff]! + pairs[(word >>> 8) & 0xff]! + pairs[word & 0xff]!

export const hexToWord = (hex: string, at: number): number => Number.parseInt(hex.slice(at, at + 8), 16)

/** True for digits that W3C allows: lower case only. */
export function isLowerHex(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false
  }
  return true
}
