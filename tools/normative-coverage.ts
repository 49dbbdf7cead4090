// `node tools/normative-coverage.ts`: which normative statements of MQTT 5 for servers have a test that names them in its title.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

const titles = globSync('{libs,services,test,tools}/**/*.test.ts', {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
}).map((path) => readFileSync(join(root, path), 'utf8'))
const named = new Set(titles.flatMap((text) => [...text.matchAll(/\[MQTT5-([\d.]+-\d+)\]/g)].map(([, id]) => id)))

const idsIn = (file: string): string[] =>
  readFileSync(join(root, 'test/conformance', file), 'utf8')
    .split('\n')
    .flatMap((line) => /^\[MQTT-([\d.]+-\d+)\]/.exec(line)?.[1] ?? [])

const statements = idsIn('mqtt5-server-normative.tsv')
const without = statements.filter((id) => !named.has(id))
const notApplicable = new Set(idsIn('not-applicable.tsv'))
const missing = without.filter((id) => !notApplicable.has(id))
const excused = without.length - missing.length

process.stdout.write(
  `MQTT 5: ${statements.length - without.length} of ${statements.length} statements for servers have a test. ` +
    `To ${excused} there is nothing here that they apply to (test/conformance/not-applicable.tsv).\n` +
    `Without one: ${missing.join(', ') || 'none'}\n`,
)
