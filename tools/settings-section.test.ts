import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Spec } from '@tern/config'
import { expect, test } from 'vitest'
import { settingsOfServices } from './services.ts'
import { withSettings } from './settings-section.ts'

const spec: Spec = { zone: { flag: 'zone', env: 'TERN_ZONE', kind: 'text', help: 'where' } }

test('the README says what the services read (mend it with npx node tools/settings-table.ts)', () => {
  const page = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  expect(page).toBe(withSettings(page, settingsOfServices))
})

test('only what lies between the markers is written, and twice is once', () => {
  const once = withSettings('a\n<!-- settings -->\nold\n<!-- /settings -->\nb\n', { broker: spec })
  expect(once).toBe(
    [
      'a',
      '<!-- settings -->',
      '',
      '**broker**',
      '',
      '| flag | environment | meaning | default |',
      '|---|---|---|---|',
      '| `--zone` | `TERN_ZONE` | where | must be given |',
      '',
      '<!-- /settings -->',
      'b',
      '',
    ].join('\n'),
  )
  expect(withSettings(once ?? '', { broker: spec })).toBe(once)
})

test('a setting that changed makes the page stale', () => {
  const page = withSettings('<!-- settings --><!-- /settings -->', { broker: spec })
  expect(withSettings(page ?? '', { broker: { zone: { ...spec['zone']!, help: 'elsewhere' } } })).not.toBe(page)
})

test('a page without markers is not touched', () => {
  expect(withSettings('<!-- settings --> no end', { broker: spec })).toBeUndefined()
})
