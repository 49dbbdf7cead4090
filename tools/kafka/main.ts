// `npm run kafka`: three real Kafka nodes on this machine, in the zones of `npm start`.
import { join, resolve } from 'node:path'
import { flagsOrExit } from '../flags.ts'
import { claimFolder } from '../region/folder.ts'
import { KafkaCluster } from './cluster.ts'
import { type Action, actions, ask, isNode, listenForActions } from './control.ts'
import { KafkaProblem } from './distribution.ts'

const flags = flagsOrExit('npm run kafka -- [flags]: three Kafka nodes on this machine, for development and tests', {
  data: { default: '.tern/kafka', help: 'folder for the data, logs and process ids of the nodes' },
  port: { default: '19091', help: 'port of the first node; two follow it; 0: free ones', whole: [0, 65_000] },
  kill: { default: '', help: 'kill -9 a node (1, 2 or 3) of the running cluster, and hold it down' },
  pause: { default: '', help: 'let a node of the running cluster stand still' },
  stop: { default: '', help: 'end a node of the running cluster in order: its leaders move first' },
  restart: { default: '', help: 'start a killed node again, or let a paused one go on' },
})

const folder = resolve(flags.data)
const control = join(folder, 'run', 'control')
const print = (text: string) => void process.stdout.write(`${text}\n`)

function refuse(sentence: string, code: number): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(code)
}

async function sendAction(action: Action, node: string): Promise<never> {
  if (!isNode(node)) refuse(`--${action} is "${node}"; give 1, 2 or 3.`, 2)
  const answer = await ask(control, action, node)
  if (answer === undefined) refuse(`no Kafka runs in ${folder}; start it with npm run kafka.`, 1)
  print(answer)
  process.exit(0)
}

for (const action of actions) if (flags[action] !== '') await sendAction(action, flags[action])

function claim(): { release(): void } {
  try {
    return claimFolder(folder, [])
  } catch (error) {
    return refuse(`cannot start: ${(error as Error).message}`, 1)
  }
}

const claimed = claim()
const began = performance.now()
let stopping = false
try {
  const jars = resolve('.tern', 'kafka-jars')
  const cluster = await KafkaCluster.prepare({ folder, jars, port: Number(flags.port), say: print })
  const stop = async () => {
    if (stopping) return
    stopping = true
    print('stopping')
    await cluster.stop()
    claimed.release()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop())
  await cluster.start().catch(async (error: unknown) => {
    await cluster.killAll()
    throw error
  })
  const listening = listenForActions(control, cluster, print)
  process.on('exit', () => listening.close())
  print(
    [
      '',
      `Kafka: three nodes on this machine, ready in ${((performance.now() - began) / 1_000).toFixed(1)} s`,
      `  bootstrap  ${cluster.bootstrap}`,
      '',
      'Try it, in another terminal:',
      `  npm start -- --log kafka --kafka-bootstrap ${cluster.bootstrap}`,
      '  npm run kafka -- --kill 2      (then --restart 2; also --pause 2, --stop 2)',
      '',
      `Log files: ${folder}/logs    process ids: ${folder}/run`,
      'Runs until SIGTERM or SIGINT.',
      '',
    ].join('\n'),
  )
} catch (error) {
  claimed.release()
  if (error instanceof KafkaProblem) refuse(error.message, 1)
  throw error
}
