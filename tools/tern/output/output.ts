import type { Json } from '../api.ts'
import { type Column, tableOf } from './table.ts'

export type Format = 'table' | 'json' | 'env'

/** Where a command writes. Answers go to stdout, the rest to stderr, so that a pipe holds answers only. */
export type Output = Readonly<{
  format: Format
  /** Rows for people, or the answers themselves as JSON. */
  table(rows: readonly Json[], columns: readonly Column[], empty: string): void
  /** One thing: lines for people, or JSON. */
  thing(value: Json, lines: readonly string[]): void
  /** One of many that come over time: a line for people, or a line of JSON. */
  item(value: Json, line: string): void
  /** Said to people only. */
  say(text: string): void
}>

export type Streams = Readonly<{
  out(text: string): void
  error(text: string): void
  /** Characters of a line; undefined in a pipe, where nothing is cut. */
  width: number | undefined
}>

export function createOutput(format: Format, { out, error, width }: Streams): Output {
  const json = format === 'json'
  return {
    format,
    table(rows, columns, empty) {
      if (json) out(`${JSON.stringify(rows, null, 2)}\n`)
      else if (rows.length === 0) error(`${empty}\n`)
      else out(`${tableOf(rows, columns, width)}\n`)
    },
    thing(value, lines) {
      if (json) out(`${JSON.stringify(value, null, 2)}\n`)
      else if (format === 'env') out(environmentOf(value))
      else out(`${lines.join('\n')}\n`)
    },
    item(value, line) {
      out(json ? `${JSON.stringify(value)}\n` : `${line}\n`)
    },
    say(text) {
      if (!json) error(`${text}\n`)
    },
  }
}

/** Lines that a shell can eval. */
function environmentOf(value: Json): string {
  return Object.entries(value)
    .filter(([, each]) => typeof each !== 'object')
    .map(
      ([name, each]) =>
        `TERN_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}='${String(each).replaceAll("'", "'\\''")}'\n`,
    )
    .join('')
}
