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

test('the shared address outlives a zone', async () => {
  expect((await info(plan.api)).queues).toBe(12)
  await region.killZone('az-a')
  for (let i = 0; i < 6; i++) expect((await info(plan.api)).zone).not.toBe('az-a')
  await region.restartZone('az-a')
  expect(await info(plan.zones[0]?.api ?? '')).toMatchObject({ zone: 'az-a' })
})
