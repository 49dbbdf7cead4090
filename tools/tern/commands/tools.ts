import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Command, Invocation } from '../command.ts'
import { Failure } from '../failure.ts'

const pagesOfConsole = ['overview', 'clients', 'topics', 'groups', 'messages', 'traces', 'queues', 'events', 'try']

export const open: Command = {
  name: 'open',
  summary: 'the console in a browser, or its address',
  operands: '[PAGE]',
  async run({ operands: [page = ''], target, out }) {
    if (target.region === undefined) {
      throw new Failure('the address of the console is known only of a region of npm start', {
        hint: 'ask whoever runs the region',
      })
    }
    if (page !== '' && !pagesOfConsole.includes(page.split('/')[0] ?? '')) {
      throw new Failure(`there is no page "${page}"`, { exitCode: 2, hint: pagesOfConsole.join(', ') })
    }
    const url = `http://${target.region.console.http}/${page === 'overview' ? '' : page}`
    const command = process.platform === 'darwin' ? 'open' : 'xdg-open'
    const browser = spawn(command, [url], { stdio: 'ignore', detached: true })
    browser.on('error', () => {})
    browser.unref()
    out.thing({ url }, [url])
  },
}

/** Runs the load of this repository with the same terminal. */
async function runLoad(args: readonly string[]): Promise<void> {
  const load = join(import.meta.dirname, '../../load/main.ts')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', load, ...args], { stdio: 'inherit' })
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new Failure(`it ended with exit code ${code}`)
}

export const bench: Command = {
  name: 'bench',
  summary: 'load on the region, and whether anything was lost',
  options: {
    rate: { value: 'RATE', help: 'messages a second', default: '1000' },
    secs: { value: 'SECONDS', help: 'how long', default: '10' },
    qos: { short: 'q', value: '0|1|2', help: 'quality of service', default: '1' },
    pubs: { value: 'COUNT', help: 'publishers', default: '20' },
    subs: { value: 'COUNT', help: 'subscribers; each gets every message', default: '2' },
  },
  async run(given) {
    const { option } = given
    const flags = ['rate', 'secs', 'qos', 'pubs', 'subs'].flatMap((name) => [`--${name}`, option(name) ?? ''])
    await runLoad(['--addr', mqttOf(given), ...flags])
  },
}

/** host:port for MQTT clients: the one that all zones of a region of npm start share, else the usual port beside the API. */
export const mqttOf = ({ target, api }: Pick<Invocation, 'target' | 'api'>): string =>
  target.region?.mqtt ?? `${new URL(api.url).hostname}:1883`
