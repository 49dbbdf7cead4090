import type { Setting, Spec } from './setting.ts'

/** The settings as a table in markdown. */
export function settingsTable(spec: Spec): string {
  const rows = Object.values(spec).map(
    (setting) => `| ${flagOf(setting)} | \`${setting.env}\` | ${inCell(setting.help)} | ${defaultOf(setting)} |`,
  )
  return ['| flag | environment | meaning | default |', '|---|---|---|---|', ...rows].join('\n')
}

/** The settings as they are shown for `--help`. */
export function settingsHelp(usage: string, spec: Spec): string {
  const lines = Object.values(spec).map((setting) => {
    const flag = setting.flag === undefined ? 'environment:' : `--${setting.flag}`
    return `  ${flag.padEnd(18)} ${setting.help} [${shown(setting)}] (${setting.env})`
  })
  return [usage, '', ...lines, ''].join('\n')
}

const flagOf = ({ flag }: Setting) => (flag === undefined ? 'none' : `\`--${flag}\``)

const defaultOf = (setting: Setting) => (setting.default ? `\`${inCell(setting.default)}\`` : shown(setting))

function shown({ kind, default: text }: Setting): string {
  if (text === undefined) return kind === 'switch' ? 'off' : 'must be given'
  return text === '' ? 'none' : text
}

const inCell = (text: string) => text.replaceAll('|', '\\|')
