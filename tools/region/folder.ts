import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Plan } from './plan.ts'

/** A region's folder, which only one region at a time may use. */
export function claimFolder(folder: string, nameservers: readonly string[]): { release(): void } {
  for (const part of ['run', 'logs', 'log']) mkdirSync(join(folder, part), { recursive: true })
  const file = fileOf(folder)
  const other = holderOf(folder)
  if (other !== undefined) {
    throw new Error(
      `the data folder ${resolve(folder)} is in use by a region with process id ${other}; stop that one, or give another folder with --data`,
    )
  }
  writeFileSync(addressesFile(folder), `${nameservers.join('\n')}\n`)
  writeFileSync(file, identity(process.pid))
  return {
    release() {
      const files = [file, addressesFile(folder), regionFile(folder), targetsFile(folder)]
      for (const each of files) rmSync(each, { force: true })
    },
  }
}

/** Where everything of the region is, for whoever calls it by its folder, and for Prometheus (infra/grafana/prometheus.yaml). */
export function describeRegion(plan: Plan): void {
  const { folder, zones, mqtt, websocket, api, trace, console, control } = plan
  writeFileSync(targetsFile(folder), `${JSON.stringify(metricsTargets(plan), null, 2)}\n`)
  writeFileSync(
    regionFile(folder),
    `${JSON.stringify({ zones, mqtt, websocket, api, trace, console, control }, null, 2)}\n`,
  )
}

const regionFile = (folder: string): string => join(folder, 'region.json')

const targetsFile = (folder: string): string => join(folder, 'metrics-targets.json')

/** As Prometheus wants what it shall read: addresses with labels. The trace service counts edges of messages beside its own numbers. */
function metricsTargets({ zones, log, logMetrics, trace, console }: Plan) {
  const target = (process: string, address: string) => ({ targets: [address], labels: { process } })
  return [
    ...zones.map(({ zone, metrics }) => target(zone, metrics)),
    ...(log === undefined ? [] : [target('log', logMetrics)]),
    target('trace', trace.metrics),
    target('messages', trace.tempo),
    target('console', console.metrics),
  ]
}

const addressesFile = (folder: string): string => join(folder, 'run', 'nameservers')

/** Where the nameservers of the region in the folder are; undefined when none runs there. */
export function nameserversOf(folder: string): string[] | undefined {
  if (holderOf(folder) === undefined) return undefined
  return readFileSync(addressesFile(folder), 'utf8').trim().split('\n')
}

const fileOf = (folder: string): string => join(folder, 'run', 'region.pid')

/** The process id of the region that uses the folder now. */
export function holderOf(folder: string): number | undefined {
  try {
    const text = readFileSync(fileOf(folder), 'utf8')
    const pid = Number.parseInt(text, 10)
    process.kill(pid, 0)
    // A number may have gone to another process since; its start time tells.
    return text === identity(pid) ? pid : undefined
  } catch {
    return undefined
  }
}

function identity(pid: number): string {
  return `${pid} ${startTime(pid)}\n`
}

function startTime(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
