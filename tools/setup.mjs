// Runs before `npm start` and `npm test`, on whatever Node the machine has (20 or newer): makes the checkout ready to run,
// and does nothing, in a few milliseconds, when it is.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const at = (...parts) => join(root, ...parts)
const stamp = at('node_modules', '.tern-setup')
const web = at('services', 'console', 'web')
const webStamp = join(web, 'dist', '.made-of')

/** npm keeps a copy of the lock of what it really installed; entries for other platforms are not in it. */
function installed() {
  const kept = at('node_modules', '.package-lock.json')
  if (!existsSync(kept)) return false
  const here = JSON.parse(readFileSync(kept, 'utf8')).packages
  const wanted = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages
  return Object.entries(wanted).every(([path, { version, optional, peer, link }]) => {
    if (!path.startsWith('node_modules/')) return true
    if (link) return existsSync(at(path))
    return here[path] ? here[path].version === version : optional || peer
  })
}

function hashOf(folder, wanted) {
  const hash = createHash('sha256')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((name) => wanted(name.slice(folder.length)))
  for (const name of files.sort()) hash.update(name.slice(root.length)).update(readFileSync(name))
  return hash
}

const contracts = () =>
  hashOf(at('proto'), (name) => name.endsWith('.proto'))
    .update(readFileSync(at('buf.gen.yaml')))
    .update(readFileSync(at('tools', 'protoc-gen-descriptors.mjs')))
    .digest('hex')

/** The pages of the console, without what is made of them. */
const pages = () =>
  hashOf(web, (name) => !/^.(dist|types|src.gen)\b|\.test\.ts$|\.tsbuildinfo$/.test(name)).digest('hex')

/** Without our own node_modules/.bin in the path, since npm replaces the Node that stands there. */
function run(command, args, path = process.env.PATH) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...env, PATH: path } })
  if (status === 0) return
  console.error(`set-up: "${command} ${args.join(' ')}" failed; the lines above say why`)
  process.exit(1)
}

const outside = (process.env.PATH ?? '').split(delimiter).filter((part) => !part.endsWith(join('node_modules', '.bin')))

if (!installed()) {
  console.error('set-up: installing what package-lock.json names (once)')
  run('npm', ['ci'], outside.join(delimiter))
}
const wanted = contracts()
const generated =
  existsSync(at('libs', 'proto', 'src', 'gen')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
if (!generated) {
  run('npx', ['buf', 'generate'])
  writeFileSync(stamp, wanted)
}
const shown = pages()
if (!existsSync(webStamp) || readFileSync(webStamp, 'utf8') !== shown) {
  run('npx', ['node', at('node_modules', 'vite', 'bin', 'vite.js'), 'build', web, '--logLevel', 'warn'])
  writeFileSync(webStamp, shown)
}
