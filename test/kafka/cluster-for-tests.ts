import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { listenForActions } from '../../tools/kafka/control.ts'
import { type SecuredAddresses, secureListeners } from './secured-listeners.ts'

declare module 'vitest' {
  interface ProvidedContext {
    kafkaBootstrap: string
    /** Where the cluster takes `kill`, `pause` and `restart` (tools/kafka/control.ts). */
    kafkaControl: string
    kafkaSecured: SecuredAddresses
  }
}

/** One cluster of three real nodes for all tests of `npm run test:kafka`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'tern-kafka-'))
  const jars = join(import.meta.dirname, '../../.tern/kafka-jars')
  const say = (text: string) => void process.stderr.write(`${text}\n`)
  const { addresses, properties, formatting } = await secureListeners(join(folder, 'certificates'))
  const cluster = await KafkaCluster.prepare({ folder, jars, port: 0, properties, formatting, say })
  await cluster.start()
  const control = join(folder, 'run', 'control')
  const listening = listenForActions(control, cluster, () => {})
  project.provide('kafkaBootstrap', cluster.bootstrap)
  project.provide('kafkaControl', control)
  project.provide('kafkaSecured', addresses)
  return async () => {
    listening.close()
    await cluster.killAll()
    if (process.env['TERN_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true })
  }
}
