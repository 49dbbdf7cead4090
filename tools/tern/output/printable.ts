/** Text of clients is shown, never obeyed: control characters, escapes of terminals and marks that turn the line round are named. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu, (mark) => {
    return `\\u${(mark.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })

const decoder = new TextDecoder('utf-8', { fatal: true })

/** A payload as one line: text, or how many bytes it is and how it begins. */
export function payloadLine(base64: string | undefined, charactersMax = 120): string {
  const bytes = Buffer.from(base64 ?? '', 'base64')
  try {
    const text = printable(decoder.decode(bytes))
    return text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text
  } catch {
    return `0x${bytes.subarray(0, 16).toString('hex')}${bytes.length > 16 ? '…' : ''}`
  }
}
