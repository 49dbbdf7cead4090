import type { Command } from './command.ts'

export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    'tern: one command for a region of TernMQ',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Every command: -o table|json|env   --url URL   --context NAME   --data FOLDER   --help',
    'Exit codes: 0 done, 1 failed, 2 wrong command line, 3 nobody answers, 4 not allowed',
  ].join('\n')
}

export function commandHelp({ name, summary, operands = '', options = {}, examples = [] }: Command): string {
  const rows = Object.entries(options).map(([key, { value, short, help, default: otherwise }]) => {
    const flag = `${short ? `-${short}, ` : ''}--${key}${value ? ` ${value}` : ''}`
    return [flag, `${help}${otherwise === undefined ? '' : ` [${otherwise}]`}`] as const
  })
  const width = Math.max(0, ...rows.map(([flag]) => flag.length))
  return [
    `tern ${name} ${operands}`.trimEnd(),
    '',
    summary,
    ...(rows.length > 0 ? ['', ...rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`)] : []),
    ...(examples.length > 0 ? ['', 'Examples:', ...examples.map((line) => `  ${line}`)] : []),
  ].join('\n')
}
