import { parseArgs } from 'node:util'
import { createApi } from './api.ts'
import type { Command, Invocation } from './command.ts'
import { type ExitCode, Failure, wrongUse } from './failure.ts'
import { commandHelp, overview } from './help.ts'
import { createOutput, type Format, type Streams } from './output/output.ts'
import { type Environment, findTarget } from './target.ts'

export type Surroundings = Readonly<{ streams: Streams; env: Environment; signal: AbortSignal }>

const globals = {
  output: { type: 'string', short: 'o', default: 'table' },
  url: { type: 'string' },
  context: { type: 'string' },
  data: { type: 'string' },
  help: { type: 'boolean' },
} as const

/** Runs what was typed. The answer is the exit code; nothing is thrown. */
export async function run(
  argv: readonly string[],
  commands: readonly Command[],
  around: Surroundings,
): Promise<ExitCode> {
  const { streams } = around
  const asJson = /(^| )(-o ?|--output[ =])json( |$)/.test(argv.join(' '))
  try {
    await dispatch(argv, commands, around)
    return 0
  } catch (error) {
    if (around.signal.aborted) return 0
    const failure = error instanceof Failure ? error : new Failure((error as Error).stack ?? String(error))
    streams.error(asJson ? jsonOf(failure) : textOf(failure))
    return failure.exitCode
  }
}

async function dispatch(argv: readonly string[], commands: readonly Command[], around: Surroundings): Promise<void> {
  const { command, rest } = find(globalsLast(argv), commands)
  if (command === undefined) {
    const [first, second] = rest
    const same = startingWith(first, commands)
    if (second === '--help' && same.length > 0) return around.streams.out(`${overview(same)}\n`)
    if (first !== undefined && !first.startsWith('-')) throw unknown(first, same)
    return around.streams.out(`${overview(commands)}\n`)
  }
  const { values, positionals } = parse(rest, command)
  if (values['help'] === true) return around.streams.out(`${commandHelp(command)}\n`)
  checkOperands(command, positionals)
  const text = (name: string) => lastOf(values[name])
  const format = text('output') ?? 'table'
  if (!isFormat(format)) throw wrongUse(`-o is "${format}"`, 'give table, json or env')
  const target = findTarget({ url: text('url'), context: text('context'), data: text('data') }, around.env)
  const invocation: Invocation = {
    operands: positionals,
    option: text,
    options: (name) => [values[name] ?? []].flat().map(String),
    has: (name) => values[name] === true,
    api: createApi(target.url, target.from),
    target,
    out: createOutput(format, around.streams),
    signal: around.signal,
  }
  await command.run(invocation)
}

/** `tern --data x status` is `tern status --data x`. */
function globalsLast(argv: readonly string[]): string[] {
  const words = [...argv]
  const first: string[] = []
  while (/^(-o|--(output|url|context|data))$/.test(words[0] ?? '')) first.push(...words.splice(0, 2))
  return [...words, ...first]
}

/** The command whose words are the first of what was typed; the longest one. `tern clients` alone lists them, as `tern clients ls` does. */
function find(argv: readonly string[], commands: readonly Command[]) {
  for (const words of [2, 1]) {
    const command = commands.find(({ name }) => name === argv.slice(0, words).join(' '))
    if (command !== undefined) return { command, rest: argv.slice(words) }
  }
  const isAlone = argv.length === 1 || (argv[1]?.startsWith('-') && !argv.includes('--help'))
  const list = isAlone ? commands.find(({ name }) => [`${argv[0]} ls`, `${argv[0]} tree`].includes(name)) : undefined
  return list === undefined ? { command: undefined, rest: argv } : { command: list, rest: argv.slice(1) }
}

const startingWith = (word: string | undefined, commands: readonly Command[]): Command[] =>
  commands.filter(({ name }) => name.startsWith(`${word} `))

function unknown(first: string, same: readonly Command[]): Failure {
  if (same.length > 0)
    return wrongUse(`"tern ${first}" needs one more word`, same.map(({ name }) => `tern ${name}`).join(', '))
  return wrongUse(`there is no command "${first}"`, 'tern --help   lists them')
}

function parse(rest: readonly string[], { name, options = {} }: Command) {
  const own = Object.entries(options).map(([key, { value, short, default: otherwise, many }]) => [
    key,
    {
      type: value === undefined ? ('boolean' as const) : ('string' as const),
      ...(short && { short }),
      ...(otherwise !== undefined && { default: otherwise }),
      ...(many && { multiple: true }),
    },
  ])
  try {
    return parseArgs({
      args: [...rest],
      options: { ...globals, ...Object.fromEntries(own) },
      allowPositionals: true,
    }) as { values: Record<string, unknown>; positionals: string[] }
  } catch (error) {
    throw wrongUse((error as Error).message.split('. ')[0] ?? '', `tern ${name} --help`)
  }
}

function checkOperands({ name, operands = '' }: Command, given: readonly string[]): void {
  const wanted = operands.split(' ').filter(Boolean)
  const needed = wanted.filter((word) => !word.startsWith('['))
  const open = wanted.some((word) => word.endsWith('...') || word.endsWith('...]'))
  if (given.length >= needed.length && (open || given.length <= wanted.length)) return
  const missing = needed[given.length]
  const what = missing ? `${missing} is missing` : `"${given[wanted.length]}" is one word too many`
  throw wrongUse(what, `tern ${name} ${operands}`.trim())
}

const lastOf = (value: unknown): string | undefined => {
  const last = Array.isArray(value) ? value.at(-1) : value
  return typeof last === 'string' ? last : undefined
}

const isFormat = (text: string): text is Format => ['table', 'json', 'env'].includes(text)

function textOf({ message, code, reason, hint }: Failure): string {
  const label = [code.toUpperCase(), reason].filter(Boolean).join(', ')
  return `error: ${message}${label && ` (${label})`}\n${hint && `hint:  ${hint}\n`}`
}

const jsonOf = ({ message, code, reason, hint, exitCode }: Failure): string =>
  `${JSON.stringify({ error: { message, code, reason, hint, exitCode } }, null, 2)}\n`
