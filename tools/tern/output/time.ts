/** Local time to the millisecond, as 14:02:07.118. */
export function clockTime(timestamp: string | undefined): string {
  if (!timestamp) return '-'
  const date = new Date(timestamp)
  const two = (number: number) => String(number).padStart(2, '0')
  const millis = String(date.getMilliseconds()).padStart(3, '0')
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${millis}`
}

/** "3 s", "4 min", "2 h", "5 d" since then. */
export function ago(timestamp: string | undefined, now: number): string {
  if (!timestamp) return '-'
  return span(Math.max(0, now - new Date(timestamp).getTime()))
}

export function span(millis: number): string {
  const steps = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const
  const step = steps.find(([size]) => millis >= size)
  return step ? `${Math.floor(millis / step[0])} ${step[1]}` : `${Math.round(millis)} ms`
}

/** Milliseconds of "1.5s", protobuf's JSON form of a duration. */
export const millisOf = (duration: string | undefined): number =>
  duration === undefined ? Number.NaN : Number.parseFloat(duration) * 1_000

export const milliseconds = (millis: number): string => `${millis < 10 ? millis.toFixed(1) : Math.round(millis)} ms`

/** A moment of the past: "1h", "30m", "10s", "2d", or an RFC 3339 time. Undefined when it is neither. */
export function momentOf(text: string, now: number): Date | undefined {
  const [, count, unit] = /^(\d+)(ms|s|m|min|h|d)$/.exec(text) ?? []
  if (count !== undefined && unit !== undefined) return new Date(now - Number(count) * (units[unit] ?? 0))
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : new Date(time)
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }
