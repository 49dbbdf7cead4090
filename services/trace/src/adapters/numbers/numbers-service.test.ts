import { control, metrics } from '@tern/proto'
import { applyRoutes, emptyRouteTable } from '@tern/routing'
import { connectClient, startServer, unaryCall } from '@tern/rpc'
import { type Clock, systemClock } from '@tern/runtime'
import { createMetrics, Histogram } from '@tern/telemetry'
import { reportNumbers } from '@tern/telemetry/node'
import { expect, onTestFinished, test, vi } from 'vitest'
import { NumberHistory } from '../../core/numbers/number-history.ts'
import { metricsRpcService, numbersRpcService } from './numbers-service.ts'

const specs = {
  'tern.proxy.published.messages': { kind: 'counter', unit: '{message}', help: 'Messages.', labels: ['qos'] },
  'tern.proxy.delivered.delay': { kind: 'histogram', unit: 's', help: 'Delay.' },
} as const

/** A trace service, and a process that tells it what it counts; the service's time is the test's. */
async function world() {
  let now = 1_000_000
  const history = new NumberHistory()
  const services = [numbersRpcService(history, () => now), metricsRpcService(history, () => now)]
  const server = await startServer('127.0.0.1:0', services)
  const delay = new Histogram()
  const counted = { messages: 0 }
  const counts = createMetrics('proxy', specs, {
    'tern.proxy.published.messages': () => [[['1'], counted.messages]],
    'tern.proxy.delivered.delay': () => delay,
  })
  const member = {
    ...{ incarnation: 1, kind: control.MemberKind.TRACE, zone: 'az-b', address: server.address, nonce: '' },
    ...{ draining: false, detail: undefined },
  }
  const update = { snapshot: true, revision: 1, queues: 1, routes: [], members: [member], died: [] }
  const table = applyRoutes(emptyRouteTable, update)
  const routes = { table: () => table, onChange() {}, onDied() {}, stop() {} }
  let tick = () => {}
  const clock: Clock = {
    ...systemClock,
    after(_, task) {
      tick = task
      return { cancel() {} }
    },
  }
  const reporting = reportNumbers({ metrics: [counts], zone: 'az-a', nameservers: [], clock, routes })
  const client = connectClient(server.address)
  onTestFinished(() => {
    reporting.stop()
    client.close()
    server.stop()
  })
  const tell = async () => {
    now += 1_000
    const known = history.of('tern_proxy_published_messages_total')[0]?.series
    const second = Math.floor(now / 1_000)
    tick()
    await vi.waitFor(() => {
      const series = known ?? history.of('tern_proxy_published_messages_total')[0]?.series
      expect(series?.at(second)).not.toBeNaN()
      expect(series).toBeDefined()
    })
  }
  const ask = (request: Partial<metrics.QueryRangeRequest>) =>
    unaryCall(client, metrics.MetricsServiceService.queryRange, metrics.QueryRangeRequest.fromPartial(request), 5_000)
  const list = () => unaryCall(client, metrics.MetricsServiceService.listMetrics, {}, 5_000)
  return { tell, ask, list, counted, delay, pass: (ms: number) => (now += ms) }
}

test('what a process counts is told by the second, and shown as rates and quantiles', async () => {
  const { tell, ask, list, counted, delay, pass } = await world()
  for (let second = 0; second < 4; second++) {
    counted.messages += 50
    delay.record(0.004, 10)
    await tell()
  }
  pass(1_000)
  expect((await list()).metrics).toEqual([
    { name: 'tern_proxy_delivered_delay_seconds', unit: 's', help: 'Delay.', labels: [] },
    { name: 'tern_proxy_published_messages_total', unit: '{message}', help: 'Messages.', labels: ['qos'] },
  ])
  const names = ['tern_proxy_published_messages_total', 'tern_proxy_delivered_delay_seconds']
  const { series, unreachable } = await ask({ names, startTime: { seconds: 1_001, nanos: 0 }, groupBy: 'member' })
  expect(unreachable).toEqual([])
  expect(series[0]).toEqual({
    name: 'tern_proxy_published_messages_total',
    labels: { qos: '1', member: 'proxy-a' },
    startTime: { seconds: 1_002, nanos: 0 },
    step: { seconds: 1, nanos: 0 },
    values: [50, 50, 50],
  })
  expect(series.map(({ labels }) => labels['quantile'])).toEqual([undefined, '0.5', '0.99'])
  expect(series[2]?.values.at(-1)).toBeGreaterThan(0.002)
})

test('a member that has fallen silent is named, and its last minutes are still there', async () => {
  const { tell, ask, pass } = await world()
  await tell()
  await tell()
  pass(60_000)
  const { series, unreachable } = await ask({ names: ['tern_proxy_published_messages_total'] })
  expect(unreachable).toEqual(['proxy-a'])
  expect(series[0]?.values.filter((value) => !Number.isNaN(value))).toEqual([0])
})

test('more values than an answer may have are refused with what to do', async () => {
  const { tell, ask, pass } = await world()
  await tell()
  pass(1_000)
  const names = Array<string>(300).fill('tern_proxy_published_messages_total')
  await expect(ask({ names })).rejects.toThrow('give fewer names, or a greater step')
})
