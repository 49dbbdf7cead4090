import { rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { type KafkaCluster, stopGraceMs } from './cluster.ts'
import { type NodeNumber, nodeNumbers } from './properties.ts'

export const actions = ['kill', 'pause', 'stop', 'restart'] as const
export type Action = (typeof actions)[number]

export const isNode = (text: string): boolean => nodeNumbers.some((node) => String(node) === text)

/** Lets another command of this machine act on the running cluster: one line in, one line out. */
export function listenForActions(path: string, cluster: KafkaCluster, say: (text: string) => void): { close(): void } {
  rmSync(path, { force: true })
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', async (data) => {
      const [action = '', number = ''] = data.toString().trim().split(' ')
      const known = actions.find((each) => each === action)
      if (known === undefined || !isNode(number)) {
        socket.end('not understood\n')
        return
      }
      await act(cluster, known, Number(number) as NodeNumber)
      say(`kafka ${number}: ${past[known]}`)
      socket.end(`kafka ${number}: ${past[known]}\n`)
    })
  })
  server.listen(path)
  return { close: () => server.close() }
}

/** Asks the running cluster; resolves with what it says, undefined when none runs. */
export function ask(path: string, action: Action, node: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.write(`${action} ${node}\n`))
    let answer = ''
    socket.on('data', (data) => (answer += data.toString()))
    socket.once('error', () => resolve(undefined))
    socket.once('end', () => resolve(answer.trim()))
  })
}

const past: Readonly<Record<Action, string>> = {
  kill: 'killed, and held down until --restart',
  pause: 'stands still until --restart',
  stop: 'stopped in order, and held down until --restart',
  restart: 'runs again',
}

async function act(cluster: KafkaCluster, action: Action, number: NodeNumber): Promise<void> {
  const node = cluster.node(number)
  if (action === 'kill') await node.kill()
  else if (action === 'pause') node.pause()
  else if (action === 'stop') await node.stop(stopGraceMs)
  else node.start()
}
