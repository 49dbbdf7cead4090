// The load of a benchmark, a process of its own: raw sockets and packets made in advance, so that it is not what is measured.
// It says when measuring begins and what came out; it ends when it is told that the servers were looked at.
import { backlog } from './load/backlog.ts'
import { herd } from './load/herd.ts'
import { idle } from './load/idle.ts'
import { live } from './load/live.ts'
import type { Load, Report } from './load/load.ts'
import { narrow } from './load/narrow.ts'

const load = JSON.parse(process.argv[2] ?? '{}') as Load
const looked = new Promise<void>((resolve) => void process.once('message', () => resolve()))
const report = (each: Report) => void process.send?.(each)
await run()
await looked
process.exit(0)

function run() {
  switch (load.kind) {
    case 'live':
      return live(load, report)
    case 'backlog':
      return backlog(load, report)
    case 'narrow':
      return narrow(load, report)
    case 'herd':
      return herd(load, report)
    case 'idle':
      return idle(load, report)
    default:
      throw new Error(`no load is called ${(load as { kind: string }).kind}`)
  }
}
