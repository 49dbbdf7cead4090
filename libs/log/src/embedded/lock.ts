import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One process for a folder. Gives the pid of the living one that has it, or undefined when it is ours now. */
export function lockFolder(folder: string): number | undefined {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'lock')
  for (;;) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx' })
      return undefined
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10)
    if (pid !== process.pid && isAliveLog(pid)) return pid
    rmSync(path, { force: true })
  }
}

export const unlockFolder = (folder: string): void => rmSync(join(folder, 'lock'), { force: true })

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
