import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const packable = /\.(html|js|css|svg)$/
const worthItFrom = 1_024

/** Puts a .gz and a .br beside each file, so that the console packs nothing while it serves. */
export const packed = (): Plugin => ({
  name: 'packed',
  apply: 'build',
  writeBundle({ dir }, bundle) {
    for (const [name, output] of Object.entries(bundle)) {
      if (!packable.test(name)) continue
      const bytes = Buffer.from(output.type === 'chunk' ? output.code : output.source)
      if (bytes.length < worthItFrom) continue
      writeFileSync(join(dir ?? '', `${name}.gz`), gzipSync(bytes, { level: 9 }))
      const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
      writeFileSync(join(dir ?? '', `${name}.br`), brotliCompressSync(bytes, { params }))
    }
  },
})
