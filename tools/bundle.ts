import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** One file for each program; only lmdb, which is native, stays a package beside it. */
const services = readdirSync(join(root, 'services')).map((name) => [name, join(root, 'services', name, 'src/main.ts')])
const entries = [...services, ['log', join(root, 'libs/log/src/embedded/main.ts')]] as [string, string][]
const present = entries.filter(([, file]) => existsSync(file))
if (present.length === 0) throw new Error('there is no program to bundle: no services/*/src/main.ts')

rmSync(join(root, 'dist'), { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: Object.fromEntries(present),
  outdir: join(root, 'dist'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // Both read files of their own packages when they are loaded, so they are installed beside the bundle by who uses them.
  external: ['lmdb', '@platformatic/kafka'],
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
