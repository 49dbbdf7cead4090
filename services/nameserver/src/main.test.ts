import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '@tern/rpc'
import { afterEach, expect, test } from 'vitest'

const main = join(import.meta.dirname, 'main.ts')
const logMain = join(import.meta.dirname, '../../../libs/log/src/embedded/main.ts')

const children: ChildProcess[] = []
const folders: string[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

type Run = Readonly<{ child: ChildProcess; ended: Promise<{ code: number | null; stderr: string }> }>

function run(program: string, argv: readonly string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TERN_METRICS: '127.0.0.1:0', ...env },
  })
  children.push(child)
  let stderr = ''
  child.stderr?.on('data', (piece) => {
    stderr += piece
  })
  return { child, ended: once(child, 'close').then(([code]) => ({ code, stderr })) }
}

/** The address in the ready line. */
async function ready({ child }: Run): Promise<string> {
  let printed = ''
  for await (const piece of child.stdout ?? []) {
    printed += piece
    const address = / ready on (\S+)\n/.exec(printed)?.[1]
    if (address !== undefined) return address
  }
  throw new Error(`it ended before it was ready: ${printed}`)
}

async function startLog(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tern-nameserver-'))
  folders.push(folder)
  return await ready(run(logMain, ['--listen', '127.0.0.1:0', '--data', folder]))
}

test('it serves until SIGTERM, and ends well', { timeout: 20_000 }, async () => {
  const log = await startLog()
  const nameserver = run(main, ['--listen', '127.0.0.1:0', '--log', log], { TERN_ZONE: 'az-a' })
  expect(await ready(nameserver)).toMatch(/^127\.0\.0\.1:\d+$/)
  nameserver.child.kill('SIGTERM')
  expect((await nameserver.ended).code).toBe(0)
})

test('wrong settings end with exit code 2 and a sentence each', { timeout: 20_000 }, async () => {
  const { code, stderr } = await run(main, ['--prot', '1'], { TERN_QUEUES: 'abc', TERN_LOG: '127.0.0.1:1' }).ended
  expect(code).toBe(2)
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/^"--prot" is not understood; give --zone, /),
    '--zone (or TERN_ZONE) is missing; give a text.',
    'TERN_QUEUES is "abc"; give a whole number from 1 to 10000.',
    '',
  ])
})

test('it does not listen beyond the machine unless told to let anyone in', { timeout: 20_000 }, async () => {
  const argv = ['--zone', 'az-a', '--log', '127.0.0.1:1', '--listen', '0.0.0.0:7400']
  const { code, stderr } = await run(main, argv).ended
  expect(code).toBe(2)
  expect(stderr).toMatch(/^"0\.0\.0\.0:7400" can be reached from other machines .*--allow-anonymous/)
})

test('a port that another process has is said plainly, with exit code 1', { timeout: 20_000 }, async () => {
  const other = await startServer('127.0.0.1:0', [])
  try {
    const argv = ['--zone', 'az-a', '--log', await startLog(), '--listen', other.address]
    const { code, stderr } = await run(main, argv).ended
    expect(code).toBe(1)
    // The gRPC library may say something too.
    expect(stderr).toContain(
      `cannot serve on ${other.address}: another process listens there; stop that one, or give another address with --listen.\n`,
    )
  } finally {
    other.stop()
  }
})

test('a region of another number of queues is refused with exit code 2', { timeout: 20_000 }, async () => {
  const log = await startLog()
  const common = ['--zone', 'az-a', '--listen', '127.0.0.1:0', '--log', log]
  await ready(run(main, [...common, '--queues', '12']))
  const { code, stderr } = await run(main, [...common, '--queues', '13']).ended
  expect(code).toBe(2)
  expect(stderr).toMatch(/tern\.messages has 12 partitions, not 13/)
})
