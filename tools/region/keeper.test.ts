import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Keeper, type Phase } from './keeper.ts'

const serving = "process.send('serving'); setInterval(() => {}, 1000)"
let folder: string
let keeper: Keeper
let phases: Phase[]
let lines: string[]
let look = () => {}

function keep(script: string, logFile = 'child.log'): void {
  keeper = new Keeper({
    name: 'child',
    command: ['-e', script],
    logFile: join(folder, logFile),
    pidFile: join(folder, 'child.pid'),
    restartDelayMs: 10,
    ready: (child) => new Promise((resolve) => child.once('message', resolve)),
    changed: (phase) => {
      phases.push(phase)
      look()
    },
    line: (text) => void lines.push(text),
  })
}

/** Resolves once the phases so far are these. */
const reached = (...wanted: Phase[]) =>
  new Promise<void>((resolve) => {
    look = () => {
      if (phases.join() === wanted.join()) resolve()
    }
    look()
  })

const pidFile = () => Number(readFileSync(join(folder, 'child.pid'), 'utf8'))
const alive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

beforeEach(() => {
  phases = []
  lines = []
  folder = mkdtempSync(join(tmpdir(), 'tern-keeper-'))
})
afterEach(async () => {
  await keeper.stop()
  rmSync(folder, { recursive: true })
})

test('a process that is killed from outside is started again, under a new process id in its file', async () => {
  keep(serving)
  await keeper.start()
  const first = pidFile()
  expect(first).toBe(keeper.pid)
  process.kill(first, 'SIGKILL')
  await reached('starting', 'ready', 'down', 'starting', 'ready')
  expect(pidFile()).toBe(keeper.pid)
  expect(pidFile()).not.toBe(first)
})

test('a process that the keeper kills is gone when that resolves, and stays down until it is started', async () => {
  keep(serving)
  await keeper.start()
  const pid = pidFile()
  await keeper.kill()
  expect(alive(pid)).toBe(false)
  expect(() => pidFile()).toThrow('ENOENT')
  expect(phases).toEqual(['starting', 'ready', 'held down'])
  await keeper.start()
  expect(phases.slice(3)).toEqual(['starting', 'ready'])
})

test('a paused process can be stopped', async () => {
  keep(serving)
  await keeper.start()
  const pid = pidFile()
  keeper.pause()
  await keeper.stop()
  expect(alive(pid)).toBe(false)
})

test('what a process writes is kept in its log file', async () => {
  keep(`console.log('to the file'); ${serving}`)
  await keeper.start()
  await keeper.stop()
  expect(readFileSync(join(folder, 'child.log'), 'utf8')).toBe('to the file\n')
})

test('a log file that cannot be written is told once, and the process goes on', async () => {
  keep(`console.log('1'); setTimeout(() => { console.log('2'); ${serving} }, 50)`, 'no folder/child.log')
  await keeper.start()
  await expect.poll(() => lines.includes('child  2')).toBe(true)
  expect(phases).toEqual(['starting', 'ready'])
  expect(lines.filter((line) => line.includes('its files cannot be written (ENOENT'))).toHaveLength(1)
})
