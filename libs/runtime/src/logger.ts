/** Structured log lines, one JSON object each; text from outside is only ever a value, so it cannot forge a line. */
export type Logger = Readonly<{
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
  child(fields: Record<string, unknown>): Logger
}>

/**
 * What JSON lets through and a terminal or an editor obeys: DEL and the C1 controls (0x9b begins an escape sequence), other line ends than
 * ours, and what turns the direction of text.
 */
const obeyed = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

export function createLogger(
  write: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
  base: Record<string, unknown> = {},
): Logger {
  const line =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) =>
      write(jsonOf({ time: new Date().toISOString(), level, message, ...base, ...fields }))
  return {
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (fields) => createLogger(write, { ...base, ...fields }),
  }
}

/** A field that cannot be written is no reason to end whoever writes it. */
function jsonOf(fields: Record<string, unknown>): string {
  const known = new Set<unknown>()
  const json = JSON.stringify(fields, (_, value: unknown) => {
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return value
    if (known.has(value)) return 'said before'
    known.add(value)
    return value
  })
  return json.replace(obeyed, escaped)
}

export const silentLogger: Logger = createLogger(() => {})
