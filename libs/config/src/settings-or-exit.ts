import { readSettings } from './read-settings.ts'
import type { Setting, Settings, Spec } from './setting.ts'
import { settingsHelp } from './settings-table.ts'

type Process = Readonly<{
  argv: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  stdout: Readonly<{ write(text: string): unknown }>
  stderr: Readonly<{ write(text: string): unknown }>
  exit(code: number): never
}>

/**
 * For a main.ts: the settings, or all that is wrong with them in one sentence each and exit code 2. `--help` explains them.
 * `check` judges what no setting can judge alone.
 */
export function settingsOrExit<S extends Spec>(
  usage: string,
  spec: S,
  check: (settings: Settings<S>) => readonly (string | undefined)[] = () => [],
  { argv, env, stdout, stderr, exit }: Process = process,
): Settings<S> {
  const words = argv.slice(2)
  if (words.includes('--help')) {
    stdout.write(settingsHelp(usage, spec))
    exit(0)
  }
  const { settings, problems = check(settings as Settings<S>) } = readSettings(spec, words, env)
  const sentences = problems.filter((problem) => problem !== undefined)
  for (const sentence of sentences) stderr.write(`${sentence}.\n`)
  if (settings === undefined || sentences.length > 0) return exit(2)
  return settings
}

/** Whether anyone who reaches a listening address may connect. */
export const allowAnonymousSetting = {
  flag: 'allow-anonymous',
  env: 'TERN_ALLOW_ANONYMOUS',
  kind: 'switch',
  help: 'let addresses beyond this machine be listened on, though nobody who connects there is authenticated',
} as const satisfies Setting
