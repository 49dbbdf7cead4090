import { mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** One process for a folder. Gives the pid of the living one that has it, or undefined when it is ours now. */
export function lockFolder(folder: string): number | undefined {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'lock')
  for (;;) {
    try {
      // A link has its text from the first moment, and in its inode: it needs no room on a disk that is full.
      symlinkSync(String(process.pid), path)
      return undefined
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const pid = holderOf(path)
    if (pid !== process.pid && isAliveLog(pid)) return pid
    rmSync(path, { force: true })
  }
}

export const unlockFolder = (folder: string): void => rmSync(join(folder, 'lock'), { force: true })

/** NaN when it is gone meanwhile, or no link of ours. */
function holderOf(path: string): number {
  try {
    return Number.parseInt(readlinkSync(path), 10)
  } catch {
    return Number.NaN
  }
}

/** A pid may have gone to another program since; where /proc tells, only a log process counts. */
function isAliveLog(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--data')
  } catch {
    return true
  }
}
