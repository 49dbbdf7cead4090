import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorsPage } from '@tern/api'
import { expect, test } from 'vitest'

test('docs/errors.md has the reasons of the public API (mend it with npx node tools/errors-table.ts)', () => {
  expect(readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8')).toBe(errorsPage())
})
