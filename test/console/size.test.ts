import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

/** Bytes that leave the console, packed by gzip. */
const firstLoadMax = 170 * 1_024
const pageMax = 40 * 1_024
const totalMax = 450 * 1_024

const site = join(import.meta.dirname, '../../services/console/web/dist')

type Part = Readonly<{
  file: string
  isEntry?: boolean
  imports?: readonly string[]
  dynamicImports?: readonly string[]
  css?: readonly string[]
}>
type Manifest = Readonly<Record<string, Part>>

/** A part with all that it imports at once. */
function filesOf(manifest: Manifest, name: string, seen: ReadonlySet<string> = new Set()): Set<string> {
  const part = manifest[name]
  if (part === undefined || seen.has(name)) return new Set()
  const further = new Set([...seen, name])
  const below = (part.imports ?? []).flatMap((each) => [...filesOf(manifest, each, further)])
  return new Set([part.file, ...(part.css ?? []), ...below])
}

function weigh(manifest: Manifest, sizeOf: (file: string) => number): Map<string, number> {
  const sum = (files: Iterable<string>) => [...files].reduce((total, file) => total + sizeOf(file), 0)
  const [entry = ''] = Object.entries(manifest).find(([, { isEntry }]) => isEntry) ?? []
  const first = filesOf(manifest, entry)
  const lazy = new Set(Object.values(manifest).flatMap(({ dynamicImports = [] }) => dynamicImports))
  const all = new Set(Object.keys(manifest).flatMap((name) => [...filesOf(manifest, name)]))
  return new Map([
    ['first load', sum(first)],
    ...[...lazy].map((name) => [name, sum([...filesOf(manifest, name)].filter((file) => !first.has(file)))] as const),
    ['total', sum(all)],
  ])
}

const heavy = (weights: ReadonlyMap<string, number>): string[] => {
  const maxOf = (name: string) => (name === 'first load' ? firstLoadMax : name === 'total' ? totalMax : pageMax)
  return [...weights].flatMap(([name, bytes]) =>
    bytes > maxOf(name) ? [`${name}: ${Math.round(bytes / 1_024)} KiB`] : [],
  )
}

test('the pages stay within their budget: first load 170 KiB, each further page 40, all 450', () => {
  expect(existsSync(join(site, '.vite/manifest.json')), 'built by node tools/setup.mjs').toBe(true)
  const manifest = JSON.parse(readFileSync(join(site, '.vite/manifest.json'), 'utf8')) as Manifest
  const weights = weigh(manifest, (file) => gzipSync(readFileSync(join(site, file)), { level: 9 }).length)
  // A check that weighs nothing also finds nothing.
  expect(weights.size).toBeGreaterThan(15)
  expect(weights.get('first load')).toBeGreaterThan(50 * 1_024)
  expect(heavy(weights)).toEqual([])
})

test('a page that grew, and a first load that took something heavy in, are named', () => {
  const manifest: Manifest = {
    main: { file: 'main.js', isEntry: true, imports: ['charts'], dynamicImports: ['page'] },
    charts: { file: 'charts.js' },
    page: { file: 'page.js', imports: ['charts', 'big'] },
    big: { file: 'big.js' },
  }
  const sizes: Readonly<Record<string, number>> = { 'main.js': 120, 'charts.js': 60, 'page.js': 10, 'big.js': 31 }
  expect(heavy(weigh(manifest, (file) => (sizes[file] ?? 0) * 1_024))).toEqual(['first load: 180 KiB', 'page: 41 KiB'])
})
