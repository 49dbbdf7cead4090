import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'

/** Marks the processes of a region with its folder: a number in a file may have gone to a stranger since. */
export const folderVariable = 'TERN_REGION_FOLDER'

const lookEveryMs = 20
const goneWithinMs = 10_000

/** Processes of a region in this folder that live, though stopped, by their process id files. */
export function processesOf(folder: string): number[] {
  return pidsIn(folder).filter((pid) => environmentOf(pid).includes(`${folderVariable}=${folder}`))
}

/**
 * What a supervisor that was killed left behind ends by itself (leash.ts), unless it stands still. It is ended here, and when this
 * resolves its ports and the log's folder are free. To be asked only while no supervisor has the folder.
 */
export async function endLeftovers(folder: string): Promise<number> {
  const found = processesOf(folder)
  for (const pid of found) kill(pid)
  const pids = pidsIn(folder)
  for (const until = performance.now() + goneWithinMs; ; await after(lookEveryMs)) {
    // One that ends loses its environment before its ports.
    const ending = pids.filter((pid) => !isOver(pid) && (found.includes(pid) || environmentOf(pid) === ''))
    if (ending.length === 0) break
    if (performance.now() < until) continue
    const [left] = processesOf(folder)
    if (left !== undefined) throw new Error(`process ${left} of an earlier region does not end`)
    break
  }
  for (const file of pidFiles(folder)) rmSync(file, { force: true })
  return found.length
}

const pidsIn = (folder: string): number[] =>
  pidFiles(folder)
    .map((file) => Number.parseInt(readOr(file, ''), 10))
    .filter((pid) => pid > 0)

const environmentOf = (pid: number): string => readOr(`/proc/${pid}/environ`, '')

/** Gone, or a zombie of which no thread is left: what was open is closed by the last one. */
function isOver(pid: number): boolean {
  const stat = readOr(`/proc/${pid}/stat`, '')
  if (stat === '') return true
  return 'ZX'.includes(stat[stat.lastIndexOf(')') + 2] ?? 'X') && threadsOf(pid) <= 1
}

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length
  } catch {
    return 0
  }
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
