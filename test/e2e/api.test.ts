import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cluster } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { startRegion } from '../support/region.ts'

const region = await startRegion()
afterAll(() => region.stop())
const { plan } = region

function info(address: string) {
  const client = connectApi(address, cluster.ClusterServiceService)
  onTestFinished(() => client.close())
  return client.getServerInfo({}, { deadlineMs: 10_000 })
}

test('every proxy serves the public API at its own address, by gRPC and as JSON', async () => {
  for (const { zone, api } of plan.zones) {
    expect(await info(api)).toMatchObject({ zone, queues: 12, log: 'embedded', mode: 'development' })
    const response = await fetch(`http://${api}/tern.v1.ClusterService/GetServerInfo`)
    expect(response.headers.get('tern-zone')).toBe(zone)
    expect(await response.json()).toMatchObject({ zone, retention: '259200s' })
  }
})

test('the command lines of docs/api.md do what they say', async () => {
  const root = join(import.meta.dirname, '../..')
  const page = readFileSync(join(root, 'docs/api.md'), 'utf8')
  const lines = [...page.matchAll(/```sh\n([^`]*)```/g)].flatMap(([, block = '']) => block.trim().split('\n'))
  expect(lines.length).toBeGreaterThan(4)
  for (const line of lines) {
    const command = line.replaceAll('127.0.0.1:9090', plan.api)
    const { status, stdout, stderr } = await run(command, root)
    expect(status, `${line}\n${stderr}`).toBe(0)
    expect(stdout, line).toMatch(/GetServerInfo|"queues": ?12|SERVING/)
  }
})

/** By a shell, since the lines are for one. */
async function run(command: string, cwd: string) {
  const child = spawn('sh', ['-c', command], { cwd })
  const texts = [child.stdout, child.stderr].map(async (stream) => {
    let text = ''
    for await (const chunk of stream.setEncoding('utf8')) text += chunk
    return text
  })
  const [stdout = '', stderr = ''] = await Promise.all(texts)
  return { status: child.exitCode ?? (await once(child, 'close'))[0], stdout, stderr }
}

test('the shared address outlives a zone', async () => {
  expect((await info(plan.api)).queues).toBe(12)
  await region.killZone('az-a')
  for (let i = 0; i < 6; i++) expect((await info(plan.api)).zone).not.toBe('az-a')
  await region.restartZone('az-a')
  expect(await info(plan.zones[0]?.api ?? '')).toMatchObject({ zone: 'az-a' })
})
