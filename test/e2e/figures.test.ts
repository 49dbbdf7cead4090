import { metrics } from '@tern/proto'
import { connectApi } from '@tern/rpc'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'
import { startTrace, type TraceProcess } from './trace/trace-process.ts'

let region: Region
let trace: TraceProcess

beforeAll(async () => {
  region = await startRegion()
  trace = await startTrace(region)
})
afterAll(async () => {
  await trace?.kill()
  await region?.stop()
})

const asked = (names: string[], groupBy = '') =>
  metrics.QueryRangeRequest.fromPartial({ names, groupBy, step: { seconds: 1, nanos: 0 } })

test('any proxy tells what the region counted in its last minutes, also of a zone that has died', async () => {
  const [a, b] = region.plan.zones.map(({ api }) => connectApi(api, metrics.MetricsServiceService))
  const publisher = await connectAsync(`mqtt://${region.addresses[2]}`, { clientId: 'figures' })
  const published = 'tern_proxy_published_messages_total'
  const summedOf = async (groupBy: string, of: (labels: Readonly<Record<string, string>>) => boolean) => {
    const { series } = await a!.queryRange(asked([published], groupBy))
    const values = series.filter(({ labels }) => of(labels)).flatMap((each) => each.values)
    return values.filter((value) => !Number.isNaN(value)).reduce((sum, value) => sum + value, 0)
  }
  // Before it counts, there are seconds that say so.
  const knownOf = async () => {
    const { series } = await a!.queryRange(asked([published], 'member'))
    const mine = series.find(({ labels }) => labels['member'] === 'proxy-c')
    return mine?.values.filter((value) => !Number.isNaN(value)).length ?? 0
  }
  await expect.poll(knownOf, { timeout: 20_000 }).toBeGreaterThan(0)
  for (let i = 0; i < 40; i++) await publisher.publishAsync('figures/one', 'text', { qos: 1 })
  await expect.poll(() => summedOf('', ({ qos }) => qos === '1'), { timeout: 10_000 }).toBe(40)
  await publisher.endAsync(true)
  await region.killZone('az-c')
  await expect
    .poll(async () => (await b!.queryRange(asked([published]))).unreachable, { timeout: 20_000 })
    .toEqual(expect.arrayContaining(['broker-c', 'nameserver-c', 'proxy-c']))
  expect(await summedOf('member', ({ member, qos }) => member === 'proxy-c' && qos === '1')).toBe(40)
  const { metrics: known } = await b!.listMetrics({})
  expect(known.map(({ name }) => name)).toEqual(
    expect.arrayContaining([published, 'tern_broker_append_duration_seconds']),
  )
  a!.close()
  b!.close()
})

test('without a trace service it is said that there is none', async () => {
  await trace.kill()
  const client = connectApi(region.plan.zones[0]!.api, metrics.MetricsServiceService)
  await expect(client.listMetrics({}, { deadlineMs: 3_000 })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  client.close()
})
