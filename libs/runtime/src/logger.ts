/** Structured log lines, one JSON object each; text from outside is only ever a value, so it cannot forge a line. */
export type Logger = Readonly<{
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
  child(fields: Record<string, unknown>): Logger
}>

export function createLogger(
  write: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
  base: Record<string, unknown> = {},
): Logger {
  const line =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) =>
      write(JSON.stringify({ time: new Date().toISOString(), level, message, ...base, ...fields }))
  return {
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (fields) => createLogger(write, { ...base, ...fields }),
  }
}

export const silentLogger: Logger = createLogger(() => {})
