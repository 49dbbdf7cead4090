import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nameserver } from '@tern/proto'
import { createRouteWatcher, type RouteTable, type RouteWatcher } from '@tern/routing'
import { connectClient, startServer, unaryCall } from '@tern/rpc'
import { systemClock as clock } from '@tern/runtime'
import type { ZoneOptions } from './zone-main.ts'

const zoneMain = join(import.meta.dirname, 'zone-main.ts')
const logMain = join(import.meta.dirname, '../../../../libs/log/src/embedded/main.ts')

const undo: (() => void)[] = []

/** Steps that take back what a test began, last first. */
export const later = (step: () => void): void => void undo.push(step)

export function cleanUp(): void {
  for (const step of undo.splice(0).toReversed()) step()
}

export async function freeAddress(): Promise<string> {
  const server = await startServer('127.0.0.1:0', [])
  server.stop()
  return server.address
}

export type ZoneProcess = Readonly<{ broker: number; proxy: number; child: ChildProcess }>

/** A process that prints one line when it is ready. */
async function startProcess(program: string, argv: readonly string[]): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  later(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr?.on('data', (piece) => {
    said += piece
  })
  let printed = ''
  for await (const piece of (child.stdout ?? []) as AsyncIterable<Buffer>) {
    printed += piece
    if (printed.includes('\n')) return { child, line: printed.slice(0, printed.indexOf('\n')) }
  }
  throw new Error(`${program} ended before it was ready: ${said}`)
}

export async function startLogProcess(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tern-nameserver-'))
  later(() => rmSync(folder, { recursive: true, force: true }))
  const { line } = await startProcess(logMain, ['--listen', '127.0.0.1:0', '--data', folder])
  return line.slice(line.lastIndexOf(' ') + 1)
}

export async function startZoneProcess(options: ZoneOptions): Promise<ZoneProcess> {
  const { child, line } = await startProcess(zoneMain, [JSON.stringify(options)])
  return { child, ...JSON.parse(line) }
}

/** kill -9. Resolves once the process is gone. */
export async function kill({ child }: ZoneProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

async function ping(address: string): Promise<nameserver.PingResponse> {
  const asked = { nameserver: '', term: 0, leading: false, observations: [], logSilentMs: 0 }
  const client = connectClient(address)
  try {
    return await unaryCall(client, nameserver.NameserverServiceService.ping, asked, 1_000)
  } finally {
    client.close()
  }
}

/** Those of the incarnations that one of the nameservers has not heard yet: only who was heard can be found gone. */
export async function unheard(addresses: readonly string[], incarnations: readonly number[]): Promise<number[]> {
  const answers = await Promise.all(addresses.map(ping))
  return answers.flatMap(({ observations }) => {
    const heard = new Set(observations.map(({ incarnation }) => incarnation))
    return incarnations.filter((each) => !heard.has(each))
  })
}

/** The nameserver that says it leads, by its address. */
export async function leaderOf(addresses: readonly string[]): Promise<string> {
  const answers = addresses.map(async (address) => ((await ping(address)).leading ? [address] : []))
  const [leader, other] = (await Promise.all(answers)).flat()
  if (leader === undefined || other !== undefined) throw new Error('not exactly one nameserver leads')
  return leader
}

export type Watching = Readonly<{
  watcher: RouteWatcher
  /** Resolves with the first table, from now on, for which it holds. */
  until(holds: (table: RouteTable) => boolean): Promise<RouteTable>
}>

export function watch(addresses: readonly string[]): Watching {
  const watcher = createRouteWatcher({ addresses, clock })
  later(() => watcher.stop())
  const until = (holds: (table: RouteTable) => boolean) =>
    new Promise<RouteTable>((resolve) => {
      const look = (table: RouteTable) => holds(table) && resolve(table)
      watcher.onChange(look)
      look(watcher.table())
    })
  return { watcher, until }
}

export const ownersOf = (table: RouteTable): (number | undefined)[] =>
  Array.from({ length: table.queues }, (_, queue) => table.ownerOf(queue)?.broker)

export const countOf = (table: RouteTable, broker: number): number =>
  ownersOf(table).filter((owner) => owner === broker).length
