// `npx node tools/metrics-table.ts`: prints what all services count into docs/metrics.md.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { metricsPage } from './metrics-page.ts'
import { metricsOfServices } from './services.ts'

writeFileSync(join(import.meta.dirname, '../docs/metrics.md'), metricsPage(metricsOfServices))
