import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../tern', import.meta.url))

export type Ended = Readonly<{ exit: number; out: string; error: string; tookMs: number }>

/** `./tern` as a person calls it, on the region in a folder. */
export function ternOn(folder: string) {
  const running: ChildProcess[] = []
  const args = (words: readonly string[]) => [...words, '--data', folder]
  return {
    /** Resolves when the command has ended, whatever its exit code. */
    run(...words: string[]): Promise<Ended> {
      const began = performance.now()
      return new Promise((resolve) => {
        const child = execFile(launcher, args(words), { timeout: 60_000 }, (_error, out, error) => {
          resolve({ exit: child.exitCode ?? -1, out, error, tookMs: performance.now() - began })
        })
        child.stdin?.end()
      })
    },
    /** A command that goes on. `line` resolves with the first line, from now on, that matches. */
    follow(...words: string[]) {
      const child = spawn(launcher, args(words), { stdio: ['ignore', 'pipe', 'pipe'] })
      running.push(child)
      const lines: string[] = []
      let look = () => {}
      for (const stream of [child.stdout, child.stderr]) {
        let rest = ''
        stream.on('data', (data: Buffer) => {
          const parts = (rest + data.toString()).split('\n')
          rest = parts.pop() ?? ''
          lines.push(...parts)
          look()
        })
      }
      return {
        lines,
        line: (pattern: RegExp) =>
          new Promise<string>((resolve) => {
            look = () => {
              const found = lines.find((line) => pattern.test(line))
              if (found !== undefined) resolve(found)
            }
            look()
          }),
        end: () => child.kill('SIGINT'),
      }
    },
    endAll(): void {
      for (const child of running) child.kill('SIGKILL')
    },
  }
}
