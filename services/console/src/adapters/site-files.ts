import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { Site, SiteFile } from '../core/site.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
}

/** Everything that is ever served, read once: a request never reaches the disk. */
export function readSite(folder: string): Site {
  if (!existsSync(join(folder, 'index.html'))) {
    throw new Error(`the pages of the console are not in ${folder}; run npm run build, or node tools/setup.mjs`)
  }
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && extname(entry.name) in types)
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((name) => !name.startsWith('.'))
  return new Map(names.map((name) => [name.replaceAll('\\', '/'), readFile(join(folder, name))]))
}

function readFile(path: string): SiteFile {
  const plain = readFileSync(path)
  const packed = (suffix: string) => (existsSync(path + suffix) ? readFileSync(path + suffix) : undefined)
  return {
    type: types[extname(path)] ?? 'application/octet-stream',
    immutable: /-[\w-]{8,}\.\w+$/.test(path),
    plain,
    gzip: packed('.gz'),
    brotli: packed('.br'),
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 20)}"`,
  }
}
