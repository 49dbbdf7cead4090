import { parseArgs } from 'node:util'

export type Flag = Readonly<{
  default: string
  help: string
  whole?: readonly [min: number, max: number]
  /** Stands alone, without a value; 'true' when given. */
  isSwitch?: true
}>

/** Thrown for a wrong command line; its message is one sentence for the person who typed it. */
export class FlagError extends Error {}

/** Reads `--name value` flags; all are checked here, so that the rest can trust them. */
export function readFlags<F extends Record<string, Flag>>(
  flags: F,
  argv: readonly string[],
): { [K in keyof F]: string } {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) =>
      flag.isSwitch
        ? [name, { type: 'boolean' as const, default: false }]
        : [name, { type: 'string' as const, default: flag.default }],
    ),
  )
  let values: Record<string, unknown>
  try {
    values = parseArgs({ args: [...argv], options }).values
  } catch {
    const known = Object.keys(flags).map((name) => `--${name}`)
    const wrong =
      argv.find((word) => word.startsWith('-') && !known.includes(word.split('=')[0] ?? '')) ?? argv.join(' ')
    const alone = Object.keys(flags).filter((name) => flags[name]?.isSwitch)
    const butSwitches = alone.length === 0 ? '' : ` but ${alone.map((name) => `--${name}`).join(', ')}`
    throw new FlagError(`"${wrong}" is not understood; give ${known.join(', ')}, each with a value${butSwitches}.`)
  }
  for (const [name, { whole }] of Object.entries(flags)) {
    const given = String(values[name])
    if (whole && !(/^\d{1,12}$/.test(given) && Number(given) >= whole[0] && Number(given) <= whole[1])) {
      throw new FlagError(`--${name} is "${given}"; give a whole number from ${whole[0]} to ${whole[1]}.`)
    }
  }
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])) as {
    [K in keyof F]: string
  }
}

/** `--help`, or one sentence and exit code 2 for a wrong flag. */
export function flagsOrExit<F extends Record<string, Flag>>(usage: string, flags: F): { [K in keyof F]: string } {
  const argv = process.argv.slice(2)
  if (argv.includes('--help')) {
    const lines = Object.entries(flags).map(
      ([name, { default: value, help }]) => `  --${name.padEnd(10)} ${help} [${value}]`,
    )
    process.stdout.write(`${usage}\n\n${lines.join('\n')}\n`)
    process.exit(0)
  }
  try {
    return readFlags(flags, argv)
  } catch (error) {
    if (!(error instanceof FlagError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(2)
  }
}
