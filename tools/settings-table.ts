// `npx node tools/settings-table.ts`: prints the settings of all services into README.md; with `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settingsOfServices } from './services.ts'
import { withSettings } from './settings-section.ts'

const readme = join(import.meta.dirname, '../README.md')
const page = readFileSync(readme, 'utf8')
const right = withSettings(page, settingsOfServices)

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}

if (right === undefined)
  refuse('README.md has no place for the settings: give it <!-- settings --> and <!-- /settings -->.')
if (!process.argv.includes('--check')) writeFileSync(readme, right)
else if (right !== page) refuse('README.md is behind the settings; run npx node tools/settings-table.ts.')
