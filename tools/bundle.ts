import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

// `npm run build`: the programs into dist/, or into the folder that is given.
const root = fileURLToPath(new URL('..', import.meta.url))
const outdir = resolve(process.argv[2] ?? join(root, 'dist'))

/** One file for each program. All run alone but the embedded log's: it needs lmdb, which is native, installed beside it. */
const services = readdirSync(join(root, 'services')).map((name) => [name, join(root, 'services', name, 'src/main.ts')])
const entries = [...services, ['log', join(root, 'libs/log/src/embedded/main.ts')]] as [string, string][]
const present = entries.filter(([, file]) => existsSync(file))
if (present.length === 0) throw new Error('there is no program to bundle: no services/*/src/main.ts')

rmSync(outdir, { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: Object.fromEntries(present),
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  external: ['lmdb'],
  // The client of Kafka reads WebAssembly from a file of its package; this build of it has it inside.
  alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
  // Bundled CommonJS packages ask for Node's own modules by require().
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  legalComments: 'linked',
  metafile: true,
  logLevel: 'warning',
})
for (const [file, { bytes }] of Object.entries(metafile.outputs)) {
  if (file.endsWith('.mjs')) process.stdout.write(`${file}  ${(bytes / 1024).toFixed(0)} KiB\n`)
}
// The console serves them from beside itself.
cpSync(join(root, 'services/console/web/dist'), join(outdir, 'console-site'), { recursive: true })
