import type { TimeRange } from '../../ports.ts'
import { TempoProblem } from './problem.ts'

const second = 1_000_000_000n
const secondsPerUnit: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }

/** The range of what is counted over time: seconds, nanoseconds when it has more than ten digits, or a date. */
export function rangeOverTime(query: URLSearchParams, now: number): TimeRange {
  const end = momentOf(query, 'end') ?? BigInt(Math.floor(now)) * 1_000_000n
  const since = BigInt(Math.round((secondsIn(query, 'since') ?? 3_600) * 1e9))
  const start = momentOf(query, 'start') ?? end - since
  if (start >= end) {
    throw new TempoProblem(400, `http parameter start must be before end. received start=${start} end=${end}`)
  }
  return { start, end }
}

/** The step asked for, or one that gives a line of about 240 points. */
export function stepOf(query: URLSearchParams, { start, end }: TimeRange): bigint {
  const seconds = secondsIn(query, 'step')
  if (seconds === undefined) return stepFor(end - start)
  if (seconds <= 0) throw new TempoProblem(400, 'invalid step: it is not longer than 0')
  return BigInt(Math.round(seconds * 1e9))
}

export function stepFor(length: bigint): bigint {
  const wanted = length / 240n
  const unit = [3_600n, 300n, 60n, 15n, 5n, 1n].map((each) => each * second).find((each) => each < wanted)
  return unit === undefined ? second : wanted - (wanted % unit)
}

function momentOf(query: URLSearchParams, name: string): bigint | undefined {
  const given = query.get(name)
  if (given === null || given === '') return undefined
  if (/^\d{1,10}$/.test(given)) return BigInt(given) * second
  if (/^\d{11,19}$/.test(given)) return BigInt(given)
  const millis = /^\d{1,10}\.\d{1,9}$/.test(given) ? Number(given) * 1000 : Date.parse(given)
  if (Number.isNaN(millis) || millis < 0)
    throw new TempoProblem(400, `invalid ${name}: ${JSON.stringify(given.slice(0, 40))} is no time`)
  return BigInt(Math.round(millis)) * 1_000_000n
}

/** `30`, `0.5`, `30s`, `1h30m`. */
function secondsIn(query: URLSearchParams, name: string): number | undefined {
  const given = query.get(name)
  if (given === null || given === '') return undefined
  if (/^\d{1,9}(\.\d{1,9})?$/.test(given)) return Number(given)
  const parts = given.length > 40 ? [] : [...given.matchAll(/(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== given) {
    throw new TempoProblem(
      400,
      `invalid ${name}: ${JSON.stringify(given.slice(0, 40))}; give seconds, or for example 30s`,
    )
  }
  return parts.reduce((total, [, count, unit]) => total + Number(count) * (secondsPerUnit[unit ?? ''] ?? 0), 0)
}
