import type { Command } from '../command.ts'
import { wrongUse } from '../failure.ts'
import { readContexts, withScheme, writeContexts } from '../target.ts'

export const addContext: Command = {
  name: 'context add',
  summary: 'give a region a name, and use it from now on',
  operands: 'NAME URL',
  async run({ operands: [name = '', url = ''], out }) {
    const { urls } = readContexts(process.env)
    writeContexts(process.env, { current: name, urls: { ...urls, [name]: withScheme(url) } })
    out.say(`commands speak to ${name} now`)
  },
}

export const useContext: Command = {
  name: 'context use',
  summary: 'speak to another region; "-" for the one that is found by itself',
  operands: 'NAME',
  async run({ operands: [name = ''], out }) {
    const contexts = readContexts(process.env)
    if (name !== '-' && contexts.urls[name] === undefined)
      throw wrongUse(`there is no context "${name}"`, 'tern context ls')
    writeContexts(process.env, { ...contexts, current: name === '-' ? '' : name })
    out.say(name === '-' ? 'commands find their region by themselves now' : `commands speak to ${name} now`)
  },
}

export const listContexts: Command = {
  name: 'context ls',
  summary: 'regions that have a name',
  async run({ out }) {
    const { current, urls } = readContexts(process.env)
    const rows = Object.entries(urls).map(([name, url]) => ({ name, url, current: name === current }))
    out.table(
      rows,
      [
        { title: '', of: (row) => (row.current ? '*' : ' ') },
        { title: 'NAME', of: (row) => row.name },
        { title: 'URL', of: (row) => row.url },
      ],
      'no context yet; tern context add NAME URL makes one',
    )
  },
}
