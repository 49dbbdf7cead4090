import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterAll, expect, inject, test } from 'vitest'
import { freePorts } from '../../tools/region/ports.ts'
import { runService, type Service } from '../support/service.ts'

const root = join(import.meta.dirname, '../..')
/** No package can be found from there. */
const folder = mkdtempSync(join(tmpdir(), 'tern-bundles-'))
const running: Service[] = []
afterAll(async () => {
  for (const service of running) service.process.kill('SIGKILL')
  await Promise.all(running.map(({ ended }) => ended))
  rmSync(folder, { recursive: true, force: true })
})

function run(name: string, flags: readonly string[], env: Record<string, string>): Promise<string> {
  const service = runService(join(folder, `${name}.mjs`), ['--zone', 'az-a', ...flags], env)
  running.push(service)
  const ended = service.ended.then(({ stderr }) => Promise.reject(new Error(`${name} ended: ${stderr}`)))
  return Promise.race([service.ready, ended])
}

test('the files of npm run build run on Kafka alone, with no package beside them', async () => {
  const built = spawnSync(process.execPath, [join(root, 'tools/bundle.ts'), folder], { encoding: 'utf8' })
  expect(built).toMatchObject({ status: 0, stderr: '' })
  const kafka = {
    TERN_LOG: 'kafka',
    TERN_KAFKA_BOOTSTRAP: inject('kafkaBootstrap'),
    TERN_KAFKA_PREFIX: 'bundles.',
    TERN_QUEUES: '2',
  }
  const nameservers = await run('nameserver', ['--listen', '127.0.0.1:0'], kafka)
  const region = { ...kafka, TERN_NAMESERVERS: nameservers }
  await run('broker', ['--listen', '127.0.0.1:0'], region)
  const [port] = await freePorts(1)
  const address = await run('proxy', ['--mqtt', `127.0.0.1:${port}`, '--websocket=', '--api='], region)
  const client = await connectAsync(`mqtt://${address}`)
  const received = new Promise<string>((resolve) => client.on('message', (_, payload) => resolve(String(payload))))
  await client.subscribeAsync('built/+', { qos: 1 })
  await client.publishAsync('built/x', 'hello', { qos: 1 })
  expect(await received).toBe('hello')
  await client.endAsync(true)
})
