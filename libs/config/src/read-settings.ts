import { adviceFor, readValue, type Value } from './read-value.ts'
import type { Setting, Settings, Spec } from './setting.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Everything at once: whoever runs a service mends all in one go. */
export type ReadSettings<S extends Spec> =
  | Readonly<{ settings: Settings<S>; problems?: never }>
  | Readonly<{ settings?: never; problems: readonly string[] }>

/** Reads flags (`argv` without the program), then the environment, then the defaults. An empty variable counts as not set. */
export function readSettings<S extends Spec>(spec: S, argv: readonly string[], env: Environment): ReadSettings<S> {
  const { given, wrong, problems } = readFlags(spec, argv)
  const settings: Record<string, Value> = {}
  for (const [name, setting] of Object.entries(spec)) {
    const { flag = '', env: label } = setting
    if (wrong.has(flag)) continue
    const found = given.get(flag) ?? fromEnvironment(setting, env) ?? fromDefault(setting)
    if (found === undefined) {
      problems.push(`${flag === '' ? label : `--${flag} (or ${label})`} is missing; ${adviceFor(setting)}`)
      continue
    }
    const reading = readValue(setting, found.text)
    if ('value' in reading) settings[name] = reading.value
    else problems.push(`${found.label} is "${found.text}"; ${reading.advice}`)
  }
  return problems.length > 0 ? { problems } : { settings: settings as Settings<S> }
}

type Given = Readonly<{ label: string; text: string }>

function fromEnvironment({ env: label }: Setting, env: Environment): Given | undefined {
  const text = env[label]
  return text === undefined || text === '' ? undefined : { label, text }
}

function fromDefault(setting: Setting): Given | undefined {
  const text = setting.default ?? (setting.kind === 'switch' ? 'false' : undefined)
  return text === undefined ? undefined : { label: `the default of ${setting.env}`, text }
}

type Flags = Readonly<{ given: Map<string, Given>; wrong: Set<string>; problems: string[] }>

/** `--flag value` and `--flag=value`; a switch may stand alone. */
function readFlags(spec: Spec, argv: readonly string[]): Flags {
  const settings = new Map(Object.values(spec).flatMap((each) => (each.flag === undefined ? [] : [[each.flag, each]])))
  const known = [...settings.keys()].map((each) => `--${each}`).join(', ')
  const flags: Flags = { given: new Map(), wrong: new Set(), problems: [] }
  const refuse = (flag: string, problem: string) => {
    flags.wrong.add(flag)
    flags.problems.push(problem)
  }
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ''
    const [, flag = '', inline] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    const setting = settings.get(flag)
    const standsAlone = isFlag(argv[at + 1])
    if (setting === undefined) {
      refuse(flag, `"${word}" is not understood; give ${known}`)
      // What follows an unknown flag was meant as its value.
      if (flag !== '' && inline === undefined && !standsAlone) at++
      continue
    }
    const text = inline ?? (standsAlone ? impliedBy(setting) : argv[++at])
    if (text === undefined) refuse(flag, `--${flag} has no value; ${adviceFor(setting)}`)
    else if (flags.given.has(flag)) refuse(flag, `--${flag} is given twice; give it once`)
    else flags.given.set(flag, { label: `--${flag}`, text })
  }
  return flags
}

/** The end of the line counts as one: no value stands there. */
const isFlag = (word: string | undefined) => word === undefined || word.startsWith('--')

const impliedBy = ({ kind }: Setting) => (kind === 'switch' ? 'true' : undefined)
