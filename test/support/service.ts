import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { isAbsolute, join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export type Service = Readonly<{
  /** What it says to listen on, once it is ready. */
  ready: Promise<string>
  ended: Promise<Readonly<{ code: number | null; stderr: string }>>
  process: ChildProcess
  /** What it wrote to its log so far, a line each. */
  lines(): string[]
}>

/** Runs the main.ts of a service, as the README says to; or a bundle, by its whole path. `nodeFlags` are for Node itself. */
export function runService(
  main: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
  nodeFlags: readonly string[] = [],
): Service {
  const file = isAbsolute(main) ? main : join(root, main)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...nodeFlags, file, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Several on one machine: none has the ports that are known.
    env: { ...process.env, TERN_METRICS: '127.0.0.1:0', TERN_PROXY_RPC: '127.0.0.1:0', ...env },
  })
  let printed = ''
  let stderr = ''
  const { promise: ready, resolve } = Promise.withResolvers<string>()
  child.stdout?.on('data', (piece) => {
    printed += piece
    const address = / ready on (\S+)\n/.exec(printed)?.[1]
    if (address !== undefined) resolve(address)
  })
  child.stderr?.on('data', (piece) => {
    stderr += piece
  })
  const lines = () => stderr.split('\n').filter((line) => line !== '')
  return { ready, process: child, lines, ended: once(child, 'close').then(([code]) => ({ code, stderr })) }
}
