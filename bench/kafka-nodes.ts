import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KafkaCluster } from '../tools/kafka/cluster.ts'
import { nodeNumbers } from '../tools/kafka/properties.ts'

export type KafkaNodes = Readonly<{ bootstrap: readonly string[]; pids: readonly number[]; stop(): Promise<void> }>

/** Three nodes on free ports and data of their own. */
export async function startKafkaNodes(): Promise<KafkaNodes> {
  const folder = mkdtempSync(join(tmpdir(), 'tern-bench-kafka-'))
  const jars = join(import.meta.dirname, '../.tern/kafka-jars')
  const say = (text: string) => void process.stderr.write(`${text}\n`)
  const cluster = await KafkaCluster.prepare({ folder, jars, port: 0, say })
  await cluster.start()
  return {
    bootstrap: cluster.bootstrap.split(','),
    pids: nodeNumbers.map((node) => Number(readFileSync(join(folder, 'run', `kafka-${node}.pid`), 'utf8'))),
    async stop() {
      await cluster.killAll()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
