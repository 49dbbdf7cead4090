/** Figures as people read them. Nothing here knows the time: it is an argument. */

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** 12,408 · 48.1k · 3.2M */
export function short(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e9) return `${trimmed(value / 1e9)}G`
  if (size >= 1e6) return `${trimmed(value / 1e6)}M`
  if (size >= 1e5) return `${trimmed(value / 1e3)}k`
  return size >= 100 || Number.isInteger(value) ? grouped.format(value) : trimmed(value)
}

const trimmed = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, ''))

export const whole = (value: number): string => grouped.format(value)

export function bytes(value: number): string {
  if (value < 1_024) return `${whole(value)} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length, Math.floor(Math.log(value) / Math.log(1_024)))
  return `${trimmed(value / 1_024 ** power)} ${units[power - 1]}`
}

/** A length of time: 0.4 ms · 14 ms · 1.9 s · 3 min · 2 h · 5 d */
export function span(ms: number): string {
  if (ms < 0.0995) return `${(ms * 1_000).toFixed(0)} µs`
  if (ms < 10) return `${trimmed(ms)} ms`
  if (ms < 1_000) return `${ms.toFixed(0)} ms`
  if (ms < 60_000) return `${trimmed(ms / 1_000)} s`
  if (ms < 3_600_000) return `${trimmed(ms / 60_000)} min`
  return ms < 172_800_000 ? `${trimmed(ms / 3_600_000)} h` : `${trimmed(ms / 86_400_000)} d`
}

/** Of a duration in protobuf's JSON form ("1.9s"); undefined when there is none. */
export function spanOf(duration: string | undefined): string | undefined {
  const ms = millis(duration)
  return ms === undefined ? undefined : span(ms)
}

export function millis(duration: string | undefined): number | undefined {
  const seconds = Number.parseFloat(duration ?? '')
  return Number.isNaN(seconds) ? undefined : seconds * 1_000
}

/** 14:02:11.118; with the date when it is of another day than `now`. */
export function clock(time: number, now: number, utc = false): string {
  const date = new Date(utc ? time : time - new Date(time).getTimezoneOffset() * 60_000)
  const today = new Date(utc ? now : now - new Date(now).getTimezoneOffset() * 60_000)
  const [day = '', rest = ''] = date.toISOString().split('T')
  const at = rest.replace('Z', '')
  return day === today.toISOString().slice(0, 10) ? at : `${day} ${at.slice(0, 8)}`
}

/** "12 s ago"; "now" within a second. */
export function ago(time: number, now: number): string {
  const passed = now - time
  if (passed < 1_000) return 'now'
  return `${span(Math.floor(passed / 1_000) * 1_000)} ago`
}

/** One of the words that end in "s" for more than one: `count(1, 'queue')`. */
export const count = (value: number, noun: string): string => `${whole(value)} ${noun}${value === 1 ? '' : 's'}`

/** Of an enum's JSON name: "MEMBER_STATE_DRAINING" without its prefix, in small letters. */
export const word = (name: string | undefined, prefix: string): string =>
  (name ?? '').replace(prefix, '').toLowerCase().replaceAll('_', ' ')
