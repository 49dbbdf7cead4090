import type { Command } from '../command.ts'
import { wrongUse } from '../failure.ts'

/** Words of commands; the shell asks this one script once. */
export const completion = (commands: () => readonly Command[]): Command => ({
  name: 'completion',
  summary: 'a script that completes commands in bash or zsh',
  operands: 'bash|zsh',
  examples: ['source <(tern completion bash)'],
  async run({ operands: [shell = ''] }) {
    const names = commands().map(({ name }) => name)
    const first = [...new Set(names.map((name) => name.split(' ')[0]))].join(' ')
    const second = Object.groupBy(
      names.filter((name) => name.includes(' ')),
      (name) => name.split(' ')[0] ?? '',
    )
    const cases = Object.entries(second)
      .map(([word, all = []]) => `    ${word}) words="${all.map((name) => name.split(' ')[1]).join(' ')}" ;;`)
      .join('\n')
    const bash = [
      '_tern() {',
      `  local words="${first}"`,
      `  if [ "$COMP_CWORD" -gt 1 ]; then words=""; case "${wordOf(1)}" in`,
      cases,
      '  esac; fi',
      `  COMPREPLY=($(compgen -W "$words" -- "${wordOf('COMP_CWORD')}"))`,
      '}',
      'complete -o default -F _tern tern ./tern',
    ].join('\n')
    if (shell === 'bash') process.stdout.write(`${bash}\n`)
    else if (shell === 'zsh') process.stdout.write(`autoload -U +X bashcompinit && bashcompinit\n${bash}\n`)
    else throw wrongUse(`there is no completion for "${shell}"`, 'tern completion bash, or zsh')
  },
})

const wordOf = (index: number | string): string => `$\{COMP_WORDS[${index}]}`
