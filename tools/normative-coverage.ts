// `node tools/normative-coverage.ts`: which normative statements of MQTT 5 for servers have a test that names them in its title.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

const titles = globSync('{libs,services,test,tools}/**/*.test.ts', {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
}).map((path) => readFileSync(join(root, path), 'utf8'))
const named = new Set(titles.flatMap((text) => [...text.matchAll(/\[MQTT5-([\d.]+-\d+)\]/g)].map(([, id]) => id)))

const statements = readFileSync(join(root, 'test/conformance/mqtt5-server-normative.tsv'), 'utf8')
  .split('\n')
  .flatMap((line) => /^\[MQTT-([\d.]+-\d+)\]/.exec(line)?.[1] ?? [])
const missing = statements.filter((id) => !named.has(id))

process.stdout.write(
  `MQTT 5: ${statements.length - missing.length} of ${statements.length} statements for servers have a test.\n`,
)
process.stdout.write(`Without one: ${missing.join(', ')}\n`)
