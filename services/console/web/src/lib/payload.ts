/** Bytes of protobuf's JSON form. */
export function bytesOf(base64: string | undefined): Uint8Array {
  const text = atob((base64 ?? '').replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

export function base64Of(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

export const base64OfText = (text: string): string => base64Of(new TextEncoder().encode(text))

const escapeCharacter = String.fromCharCode(27)

/** The text, when all of it is UTF-8 without control characters that no text has. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return [...text].some((each) => /\p{Cc}/u.test(each) && !/\s/.test(each) && each !== escapeCharacter)
      ? undefined
      : text
  } catch {
    return undefined
  }
}

/** For one line of a table; what is no text is said to be none. */
export function firstLine(bytes: Uint8Array, charactersMax = 160): string {
  if (bytes.length === 0) return '(empty)'
  const text = textOf(bytes)
  if (text === undefined) return hexOf(bytes.subarray(0, 24), ' ') + (bytes.length > 24 ? ' …' : '')
  return visible(text.split('\n', 1)[0] ?? '').slice(0, charactersMax)
}

/** Escape sequences of terminals and the like, as something that can be seen. */
export const visible = (text: string): string =>
  text.replace(/\p{Cc}/gu, (c) =>
    c === '\t' || c === '\n' ? c : String.fromCodePoint(0x2400 + (c.charCodeAt(0) & 0x3f)),
  )

export const hexOf = (bytes: Uint8Array, between = ''): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(between)

/** Lines of offset, bytes and characters, as hexdump writes them. */
export function hexDump(bytes: Uint8Array): string[] {
  return Array.from({ length: Math.ceil(bytes.length / 16) }, (_, i) => {
    const part = bytes.subarray(i * 16, i * 16 + 16)
    const characters = Array.from(part, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '·')).join('')
    return `${(i * 16).toString(16).padStart(6, '0')}  ${hexOf(part, ' ').padEnd(47)}  ${characters}`
  })
}
