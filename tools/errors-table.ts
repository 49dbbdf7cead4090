// `npx node tools/errors-table.ts`: prints the reasons of the public API into docs/errors.md.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorsPage } from '@tern/api'

writeFileSync(join(import.meta.dirname, '../docs/errors.md'), errorsPage())
