import { type Spec, settingsTable } from '@tern/config'

const opening = '<!-- settings -->'
const closing = '<!-- /settings -->'

/** The page with the services' settings between its markers, or undefined when it has no such place. */
export function withSettings(page: string, services: Readonly<Record<string, Spec>>): string | undefined {
  const begin = page.indexOf(opening)
  const end = page.indexOf(closing, begin)
  if (begin < 0 || end < 0) return undefined
  const tables = Object.entries(services).map(([name, spec]) => `**${name}**\n\n${settingsTable(spec)}\n\n`)
  return `${page.slice(0, begin)}${opening}\n\n${tables.join('')}${page.slice(end)}`
}
