import type { TimeRange } from '../../ports.ts'
import { tempoLimits } from './limits.ts'
import { TempoProblem } from './problem.ts'

const second = 1_000_000_000n
/** What is searched when no time is named. */
const defaultSeconds = 3_600

/** A whole number of a URL. */
export function numberOf(query: URLSearchParams, name: string, otherwise: number, most: number): number {
  const given = query.get(name)
  if (given === null || given === '') return otherwise
  const number = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN
  if (number <= most) return number
  throw new TempoProblem(
    400,
    `invalid ${name}: ${JSON.stringify(given.slice(0, 40))}; give a whole number from 0 to ${most}`,
  )
}

export type Limits = Readonly<{ limit: number; spansPerSet: number }>

export const limitsOf = (query: URLSearchParams): Limits =>
  checkedLimits(
    numberOf(query, 'limit', 20, Number.MAX_SAFE_INTEGER),
    numberOf(query, 'spss', 3, Number.MAX_SAFE_INTEGER),
  )

export function checkedLimits(limit: number, spansPerSet: number): Limits {
  if (limit < 1 || limit > tempoLimits.tracesMax) {
    throw new TempoProblem(400, `invalid limit: ${limit} traces; give a number from 1 to ${tempoLimits.tracesMax}`)
  }
  if (spansPerSet > tempoLimits.spansPerSetMax) {
    throw new TempoProblem(
      400,
      `invalid spss: ${spansPerSet} spans of each set; give a number from 1 to ${tempoLimits.spansPerSetMax}, or 0 for as many as that`,
    )
  }
  return { limit, spansPerSet: spansPerSet === 0 ? tempoLimits.spansPerSetMax : spansPerSet }
}

/** `start` and `end` in seconds; one alone, or none: an hour. */
export function rangeOf(start: number, end: number, now: number): TimeRange {
  const until = end === 0 ? Math.floor(now / 1000) + 1 : end
  const from = start === 0 ? Math.max(until - defaultSeconds, 0) : start
  if (from >= until) {
    throw new TempoProblem(400, `http parameter start must be before end. received start=${from} end=${until}`)
  }
  // The last second is a part of the range.
  return { start: BigInt(from) * second, end: BigInt(until + 1) * second - 1n }
}

export const secondsOf = (query: URLSearchParams) =>
  [numberOf(query, 'start', 0, 0xffffffff), numberOf(query, 'end', 0, 0xffffffff)] as const
