import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

export type Column<Row> = Readonly<{ title: string; of: keyof Row & string }>

/** What is measured: rows are told apart by their `names`, and have a figure in each of the other columns. */
export type Sheet<Row> = Readonly<{ file: string; names: readonly Column<Row>[]; figures: readonly Column<Row>[] }>

const folder = join(import.meta.dirname, 'results')

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [below = 0, above = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]]
  return (below + above) / 2
}

/** For each name, in their order, the median of its rounds. */
function medians<Row>({ names, figures }: Sheet<Row>, all: readonly Row[]): Row[] {
  const groups = Map.groupBy(all, (row) => names.map(({ of }) => String(row[of])).join(' / '))
  return [...groups.values()].map((rounds) => {
    const numbers = figures.map(({ of }) => [
      of,
      Math.round(median(rounds.map((each) => Number(each[of]))) * 100) / 100,
    ])
    return { ...rounds[0], ...Object.fromEntries(numbers) } as Row
  })
}

/** Markdown, one line for each name. */
function table<Row>({ names, figures }: Sheet<Row>, rows: readonly Row[]): string {
  const shown = figures.filter(({ of }) => rows.some((row) => Number(row[of]) !== 0))
  const titles = [...names, ...shown].map(({ title }) => title)
  const cells = rows.map((row) => [
    ...names.map(({ of }) => String(row[of])),
    ...shown.map(({ of }) => (Number(row[of]) === 0 ? '' : String(row[of]))),
  ])
  const lines = [titles, titles.map(() => '---'), ...cells].map((each) => `| ${each.join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

/** Shows the medians and keeps all, of earlier runs too when they are to be `added` to. */
export function report<Row>(sheet: Sheet<Row>, measured: readonly Row[], added: boolean): void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, sheet.file)
  const earlier =
    added && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { measurements: Row[] }).measurements : []
  const measurements = [...earlier, ...measured]
  const rows = medians(sheet, measurements)
  process.stdout.write(table(sheet, rows))
  const machine = { processors: cpus().length, model: cpus()[0]?.model, node: process.version }
  writeFileSync(file, `${JSON.stringify({ machine, medians: rows, measurements }, null, 1)}\n`)
}
