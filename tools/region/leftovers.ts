import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'

/** Marks the processes of a region with its folder: a number in a file may have gone to a stranger since. */
export const folderVariable = 'TERN_REGION_FOLDER'

const lookEveryMs = 20
const goneWithinMs = 10_000

/** Processes of a region in this folder that live, though stopped, by their process id files. */
export function processesOf(folder: string): number[] {
  return pidFiles(folder)
    .map((file) => Number.parseInt(readOr(file, ''), 10))
    .filter((pid) => pid > 0 && readOr(`/proc/${pid}/environ`, '').split('\0').includes(`${folderVariable}=${folder}`))
}

/**
 * What a supervisor that was killed left behind ends by itself (leash.ts), unless it stands still. It is ended here, and when this
 * resolves its ports and the log's folder are free. To be asked only while no supervisor has the folder.
 */
export async function endLeftovers(folder: string): Promise<number> {
  const found = processesOf(folder)
  for (const pid of found) kill(pid)
  for (const until = performance.now() + goneWithinMs; processesOf(folder).length > 0; ) {
    if (performance.now() > until)
      throw new Error(`process ${processesOf(folder)[0]} of an earlier region does not end`)
    await after(lookEveryMs)
  }
  for (const file of pidFiles(folder)) rmSync(file, { force: true })
  return found.length
}

function pidFiles(folder: string): string[] {
  const run = join(folder, 'run')
  try {
    const names = readdirSync(run).filter((name) => name.endsWith('.pid') && name !== 'region.pid')
    return names.map((name) => join(run, name))
  } catch {
    return []
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself meanwhile.
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}
