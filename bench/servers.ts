import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRegion } from '../test/support/region.ts'
import { freePorts, loopback } from '../tools/region/ports.ts'
import { cpuSecondsOf, residentBytesOf } from './processes.ts'

export type Server = Readonly<{
  name: string
  addresses: readonly string[]
  /** Processor time of all its processes so far. */
  cpuSeconds(): number
  /** Resident memory of all its processes. */
  residentBytes(): number
  stop(): Promise<void>
}>

const measured = (pids: readonly number[]) => ({
  cpuSeconds: () => cpuSecondsOf(pids),
  residentBytes: () => residentBytesOf(pids),
})

export const tern = (): Promise<Server> => ternAs('TernMQ')

/** With a trace service, which every message is told to; and with proxies that tell nothing. */
export const ternTraced = (): Promise<Server> => ternAs('TernMQ-traced', { onlookers: ['trace'] })
export const ternUntraced = (): Promise<Server> => ternAs('TernMQ-untraced', {}, 'false')

async function ternAs(name: string, programs: Parameters<typeof startRegion>[1] = {}, trace = 'true'): Promise<Server> {
  process.env['TERN_TRACE'] = trace
  const region = await startRegion(undefined, programs)
  const folder = join(region.plan.folder, 'run')
  const names = ['log', ...region.plan.zones.map(({ zone }) => zone), ...(programs?.onlookers ?? [])]
  const pids = names.map((name) => Number(readFileSync(join(folder, `${name}.pid`), 'utf8')))
  return { name, addresses: region.addresses, ...measured(pids), stop: () => region.stop() }
}

export async function listening(address: string): Promise<void> {
  const [host = '', port = ''] = address.split(':')
  for (;;) {
    const socket = connect({ host, port: Number(port) })
    const answer = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (answer) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** Debian's mosquitto, in memory; undefined when it is not installed. */
export async function mosquitto(): Promise<Server | undefined> {
  const [port] = await freePorts(1)
  const folder = mkdtempSync(join(tmpdir(), 'tern-bench-'))
  const address = `${loopback}:${port}`
  const config = [
    `listener ${port} ${loopback}`,
    'allow_anonymous true',
    'max_inflight_messages 0',
    'max_queued_messages 0',
  ]
  writeFileSync(join(folder, 'mosquitto.conf'), `${config.join('\n')}\n`)
  const child = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' })
  const missing = await Promise.race([once(child, 'error').then(() => true), once(child, 'spawn').then(() => false)])
  if (missing) return undefined
  await listening(address)
  const stop = async () => {
    await ended(child)
    rmSync(folder, { recursive: true, force: true })
  }
  return { name: 'mosquitto', addresses: [address], ...measured([child.pid ?? 0]), stop }
}

export async function aedes(): Promise<Server> {
  const [port] = await freePorts(1)
  const address = `${loopback}:${port}`
  const child = spawn(process.execPath, [join(import.meta.dirname, 'aedes-server.ts'), address], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  return { name: 'aedes', addresses: [address], ...measured([child.pid ?? 0]), stop: () => ended(child) }
}
