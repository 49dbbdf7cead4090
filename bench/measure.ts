import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Load, Report, Result } from './load/load.ts'
import type { Scenario } from './scenarios.ts'
import type { Server } from './servers.ts'

export type Measurement = Readonly<{
  server: string
  scenario: string
  messagesPerSecond: number
  deliveriesPerSecond: number
  /** Of all the server's processes, per message in and message out together. */
  cpuMicrosPerMessage: number
  p50Ms: number
  p99Ms: number
  firstMs: number
  lastMs: number
  lost: number
  outOfOrder: number
  /** What the resident memory of all processes grew by, and that for each connection of `idle`. */
  grownMiB: number
  kibPerConnection: number
}>

/** Runs the load in a process of its own, and looks when measuring begins and when it is over. */
export async function underLoad<Look>(
  what: string,
  load: Load,
  look: () => Look | Promise<Look>,
): Promise<Readonly<{ result: Result; before: Look; after: Look }>> {
  const child = fork(join(import.meta.dirname, 'generator.ts'), [JSON.stringify(load)])
  const ended = new Promise<never>((_, reject) =>
    child.once('exit', (code) => reject(new Error(`${what}: the generator ended with code ${code}`))),
  )
  let before: Look | Promise<Look> | undefined
  const result = await Promise.race([
    ended,
    new Promise<Result>((resolve) => {
      child.on('message', (report: Report) => {
        if (report === 'measuring') before = look()
        else resolve(report)
      })
    }),
  ])
  const after = await look()
  child.send('looked')
  await ended.catch(() => {})
  return { result, before: (await before) ?? after, after }
}

/** A server that was just started runs code that is not compiled yet, at several times the cost: `warmSeconds` are longer than that. */
export type Time = Readonly<{ seconds: number; warmSeconds: number }>

/** One load against one server. */
export async function measure(server: Server, { name, load }: Scenario, time: Time): Promise<Measurement> {
  const { addresses } = server
  const given: Load = load.kind === 'live' ? { ...load, addresses, ...time } : { ...load, addresses }
  const look = () => ({ cpu: server.cpuSeconds(), resident: server.residentBytes() })
  const { result, before, after } = await underLoad(`${name} against ${server.name}`, given, look)
  const grown = after.resident - before.resident
  return {
    ...{ server: server.name, scenario: name, p50Ms: result.p50Ms, p99Ms: result.p99Ms },
    ...{ firstMs: result.firstMs ?? 0, lastMs: result.lastMs ?? 0 },
    ...{ lost: result.lost, outOfOrder: result.outOfOrder },
    messagesPerSecond: result.published / result.seconds,
    deliveriesPerSecond: result.delivered / result.seconds,
    cpuMicrosPerMessage: ((after.cpu - before.cpu) * 1e6) / Math.max(1, result.published + result.delivered),
    grownMiB: grown / 2 ** 20,
    kibPerConnection: load.kind === 'idle' ? grown / 1024 / Math.max(1, result.delivered) : 0,
  }
}
