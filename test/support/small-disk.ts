import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for a log on a disk that can be full. */
export type SmallDisk = Readonly<{
  folder: string
  /** False: what fills it also keeps a log from starting. */
  isMounted: boolean
  fill(): void
  free(): void
  remove(): void
}>

/** A file system of its own of 16 MiB where that may be mounted; else one on which no new segment can be made. */
export function smallDisk(): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'tern-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder], { stdio: 'ignore' })
    return mounted(folder)
  } catch {
    return blocked(folder)
  }
}

function mounted(folder: string): SmallDisk {
  const ballast = join(folder, 'ballast')
  return {
    folder,
    isMounted: true,
    fill() {
      const fd = openSync(ballast, 'w')
      // Down to single bytes, so that not even the rest of a block is left.
      for (let bytes = 1024 * 1024; bytes > 0; ) {
        try {
          writeSync(fd, Buffer.alloc(bytes))
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
          bytes = Math.floor(bytes / 2)
        }
      }
      closeSync(fd)
    },
    free: () => rmSync(ballast),
    remove() {
      execFileSync('umount', [folder])
      rmdirSync(folder)
    },
  }
}

/** Something is in the way of the next segment. */
function blocked(folder: string): SmallDisk {
  const journal = join(folder, 'journal')
  let inTheWay = ''
  const next = () => Math.max(0, ...readdirSync(journal).map((name) => Number.parseInt(name, 10) || 0)) + 1
  return {
    folder,
    isMounted: false,
    fill() {
      mkdirSync(journal, { recursive: true })
      inTheWay = join(journal, `${String(next()).padStart(10, '0')}.segment`)
      mkdirSync(inTheWay)
    },
    free: () => rmdirSync(inTheWay),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
