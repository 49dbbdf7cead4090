import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const main = join(import.meta.dirname, 'main.ts')
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'tern-log-'))
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

export type LogProcess = Readonly<{ address: string; kill(): Promise<void>; child: ChildProcess }>

/** Starts the real log process and waits for its ready line. */
export async function startLogProcess(
  folder: string,
  listen = '127.0.0.1:0',
  environment: Record<string, string> = {},
): Promise<LogProcess> {
  const child = spawnLog(['--listen', listen, '--data', folder], environment)
  const exited = once(child, 'exit')
  let printed = ''
  for await (const piece of child.stdout ?? []) {
    printed += piece
    if (printed.includes('\n')) break
  }
  const address = /^log ready on (\S+)/.exec(printed)?.[1]
  if (address === undefined) throw new Error(`the log did not start: ${printed}`)
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  return { address, kill, child }
}

export const spawnLog = (flags: readonly string[], environment: Record<string, string> = {}): ChildProcess =>
  spawn(process.execPath, [main, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { TERN_LOG_SEGMENT_BYTES: String(1024 * 1024), ...process.env, ...environment },
  })

/** Runs to its end: exit code and what it wrote to stderr. */
export async function runLog(flags: readonly string[]): Promise<{ code: number; stderr: string }> {
  const child = spawnLog(flags)
  let stderr = ''
  child.stderr?.on('data', (piece) => {
    stderr += piece
  })
  const [code] = await once(child, 'close')
  return { code, stderr }
}
