import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'

let region: Region

beforeAll(async () => {
  region = await startRegion(undefined, { onlookers: ['trace'] })
})
afterAll(() => region?.stop())

type Found = Readonly<{ traces?: readonly Readonly<{ rootServiceName: string; rootTraceName: string }>[] }>

/** As Grafana searches. */
async function search(query: string): Promise<readonly string[]> {
  const parameters = new URLSearchParams({ q: query, limit: '50' })
  const response = await fetch(`http://${region.plan.trace.tempo}/api/search?${parameters}`)
  const { traces = [] } = (await response.json()) as Found
  return traces.map(({ rootServiceName, rootTraceName }) => `${rootServiceName}: ${rootTraceName}`)
}

test('what the zones of npm start decide and do stands among the region’s own traces', async () => {
  await region.killZone('az-c')
  await expect
    .poll(() => search('{ name = "member death" }'), { timeout: 30_000 })
    .toContain('tern-nameserver: member death')
  await expect
    .poll(() => search('{ name = "read queue" && resource.service.name = "tern-broker" }'), { timeout: 30_000 })
    .toContain('tern-broker: queue takeover')
})
