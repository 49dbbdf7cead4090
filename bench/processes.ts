import { readFileSync } from 'node:fs'

const ticksPerSecond = 100
const pageBytes = 4096

/** Processor time of the processes so far. */
export const cpuSecondsOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + Number(statOf(pid)[11]) + Number(statOf(pid)[12]), 0) / ticksPerSecond

export const residentBytesOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + Number(statOf(pid)[21]) * pageBytes, 0)

/** The most memory that the process ever had in use. */
export const peakBytesOf = (pid: number): number =>
  Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name stands in brackets and may hold anything.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
