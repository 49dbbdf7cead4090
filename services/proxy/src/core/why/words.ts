const dayMs = 86_400_000
const two = (value: number) => `${value}`.padStart(2, '0')

/** A time as people and logs write it, in UTC. */
export function at(ms: number): string {
  const days = Math.floor(ms / dayMs)
  const { year, month, day } = dateOf(days)
  const rest = Math.floor(ms - days * dayMs)
  const seconds = Math.floor(rest / 1_000)
  const time = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':')
  return `${year}-${two(month)}-${two(day)}T${time}.${`${rest % 1_000}`.padStart(3, '0')}Z`
}

/** How long before: rounded, since it is read and not reckoned with. */
export function ago(ms: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - ms) / 1000))
  if (seconds < 120) return `${seconds} s ago`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3_600)} h ago`
}

export const code = (reasonCode: number): string => `0x${reasonCode.toString(16).toUpperCase().padStart(2, '0')}`

/** Days since 1970 to a date, in years that begin in March, so that a leap day is a year's last (Hinnant, days_from_civil). */
function dateOf(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}
