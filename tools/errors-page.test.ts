import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorsPage, reasons } from '@tern/api'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

test('docs/errors.md has the reasons of the public API (mend it with npx node tools/errors-table.ts)', () => {
  expect(readFileSync(join(root, 'docs/errors.md'), 'utf8')).toBe(errorsPage())
})

const codes =
  'INVALID_ARGUMENT|NOT_FOUND|ALREADY_EXISTS|FAILED_PRECONDITION|RESOURCE_EXHAUSTED|UNAVAILABLE|ABORTED|OUT_OF_RANGE|UNIMPLEMENTED|INTERNAL|PERMISSION_DENIED|UNAUTHENTICATED|CANCELLED|DEADLINE_EXCEEDED'
/** `'CODE', 'REASON'`, as every error of the API is written; and the helpers whose code is understood. */
const written = new RegExp(`'(${codes})',\\s*'([A-Z][A-Z_]+)'`, 'g')
const understood = [
  { pattern: /badField\(\s*[^,()]+,\s*'([A-Z_]+)'/g, code: 'INVALID_ARGUMENT' },
  { pattern: /\bmissing\(\s*'([A-Z_]+)'/g, code: 'NOT_FOUND' },
]

function reasonsIn(text: string): [code: string, reason: string][] {
  const pairs = [...text.matchAll(written)].map(([, code = '', reason = '']) => [code, reason] as [string, string])
  for (const { pattern, code } of understood) {
    for (const [, reason = ''] of text.matchAll(pattern)) pairs.push([code, reason])
  }
  return pairs
}

test('every reason that a service gives is published, with its code', () => {
  const paths = ['services/proxy/src/**/*.ts', 'libs/rpc/src/public/*.ts', 'libs/api/src/**/*.ts']
  const files = globSync(paths, { cwd: root }).filter((path) => !/\.(test|fixture)\.ts$|\/testing\//.test(path))
  const given = files.flatMap((path) => reasonsIn(readFileSync(join(root, path), 'utf8')))
  expect(given.length).toBeGreaterThan(20)
  const published = Object.entries(reasons).map(([reason, { code }]) => `${code} ${reason}`)
  const unpublished = given.map(([code, reason]) => `${code} ${reason}`).filter((each) => !published.includes(each))
  expect([...new Set(unpublished)]).toEqual([])
})

test('an error with a reason that is not published is found', () => {
  expect(reasonsIn("new Refusal(\n  'NOT_FOUND',\n  'LOST',")).toEqual([['NOT_FOUND', 'LOST']])
  expect(reasonsIn("badField('page_size', 'TOO_LARGE', 'is')")).toEqual([['INVALID_ARGUMENT', 'TOO_LARGE']])
})
