import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

export type ProcessLoad = Readonly<{ cpuCores: number; residentBytes: number; eventLoopDelayP99Ms: number }>

/** Who asks sooner is told the same again. */
const windowMs = 1_000
const resolutionMs = 10

type Window = Readonly<{ at: number; cpuMicroseconds: number; load: ProcessLoad }>

/** Of this process, which several services may share; watched from the first question on. */
let monitor: ReturnType<typeof monitorEventLoopDelay> | undefined
let last: Window | undefined

export function processLoad(): ProcessLoad {
  const at = performance.now()
  if (last !== undefined && at - last.at < windowMs) return last.load
  if (monitor === undefined) {
    monitor = monitorEventLoopDelay({ resolution: resolutionMs })
    monitor.enable()
  }
  const { user, system } = process.cpuUsage()
  const cpuMicroseconds = user + system
  const since = last ?? { at: 0, cpuMicroseconds: 0 }
  const cpuCores = (cpuMicroseconds - since.cpuMicroseconds) / 1_000 / Math.max(1, at - since.at)
  const late = monitor.count === 0 ? 0 : monitor.percentile(99) / 1e6 - resolutionMs
  const load = { cpuCores, residentBytes: process.memoryUsage.rss(), eventLoopDelayP99Ms: Math.max(0, late) }
  monitor.reset()
  last = { at, cpuMicroseconds, load }
  return load
}
