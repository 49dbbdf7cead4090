import { report } from '../report.ts'
import type { ClusterStart } from './cluster.ts'
import { nats } from './nats.ts'
import { rabbitmq } from './rabbitmq.ts'
import { figures, names, type Row, round } from './round.ts'
import { tern, ternApart } from './tern.ts'

export type ReplicatedOptions = Readonly<{
  servers: readonly string[]
  rounds: number
  seconds: number
  warmSeconds: number
  added: boolean
  profile: string
}>

const known: Readonly<Record<string, ClusterStart>> = {
  TernMQ: tern,
  'TernMQ-apart': ternApart,
  NATS: nats,
  RabbitMQ: rabbitmq,
}

/** One cluster at a time, in turns: what is idle beside it would take its share of the processors. */
export async function runReplicated({ servers, rounds, profile, ...options }: ReplicatedOptions): Promise<void> {
  const rows: Row[] = []
  for (let turn = 0; turn < rounds; turn++) {
    for (const name of servers.length === 0 ? Object.keys(known) : servers) {
      const cluster = await known[name]?.({ profile })
      if (cluster === undefined)
        throw new Error(`no server is called ${name}; there are ${Object.keys(known).join(', ')}`)
      if (typeof cluster === 'string') {
        process.stderr.write(`${cluster}; ${name} is left out\n`)
        continue
      }
      try {
        rows.push(...(await round(cluster, options.seconds, options.warmSeconds)))
      } catch (error) {
        process.stderr.write(`${(error as Error).message}; this round is left out\n`)
      }
      await cluster.stop()
    }
  }
  report({ file: 'replicated.json', names, figures }, rows, options.added)
}
