import type { Json } from '../api.ts'
import { printable } from './printable.ts'

export type Column = Readonly<{ title: string; of(row: Json): unknown; right?: true }>

const gap = '  '

/** Columns as wide as their cells; lines are cut to `width`, when there is one. */
export function tableOf(rows: readonly Json[], columns: readonly Column[], width?: number): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ of }) => cell(of(row))))]
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)))
  return cells
    .map((line) => {
      const text = line
        .map((value, i) => (columns[i]?.right ? value.padStart(widths[i] ?? 0) : value.padEnd(widths[i] ?? 0)))
        .join(gap)
        .trimEnd()
      return width !== undefined && text.length > width ? `${text.slice(0, width - 1)}…` : text
    })
    .join('\n')
}

const cell = (value: unknown): string => (value === undefined || value === '' ? '-' : printable(String(value)))
