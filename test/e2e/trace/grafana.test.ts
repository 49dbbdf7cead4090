import { GrafanaDouble, overNetwork, type Prometheus, profiles, startPrometheus } from '@tern/trace/testing'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Region, startRegion } from '../../support/region.ts'
import { startTrace, type TraceProcess } from './trace-process.ts'

let region: Region
let trace: TraceProcess
let prometheus: Prometheus
const clients: MqttClient[] = []
const address = () => new URL(trace.tempo).host

async function connect(zone: number, clientId: string): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://${region.addresses[zone]}`, { clientId, protocolVersion: 5 })
  clients.push(client)
  return client
}

const messages = 30

beforeAll(async () => {
  region = await startRegion()
  trace = await startTrace(region)
  prometheus = await startPrometheus(address())
  const subscriber = await connect(1, 'app-1')
  await subscriber.subscribeAsync('plant/+/temp', { qos: 1 })
  const publisher = await connect(0, 'car-7')
  for (let number = 0; number < messages; number += 1) {
    await publisher.publishAsync(`plant/${number}/temp`, `${number}`, { qos: 1 })
  }
  const grafana = new GrafanaDouble(overNetwork(address()), profiles[3]!)
  const acked = async () => expect(await grafana.search('{ name = "ack" }', { limit: 100 })).toHaveLength(messages)
  await vi.waitFor(acked, { timeout: 20_000, interval: 100 })
})
afterAll(async () => {
  await prometheus?.stop()
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
  await trace?.kill()
  await region?.stop()
})

describe.each(profiles)('$name on a region of processes', (profile) => {
  const grafana = () => new GrafanaDouble(overNetwork(address()), profile)
  const now = () => Math.floor(Date.now() / 1000)

  test('saves and tests', async () => {
    await grafana().health()
    expect(await grafana().canStream()).toBe(true)
  })

  test('finds messages by publisher, subscriber, topic and message id, and opens them', async () => {
    const found = await grafana().search('{span.messaging.client.id="car-7"}', { limit: 100 })
    expect(found).toHaveLength(messages)
    const starts = found.map(({ startTimeUnixNano }) => BigInt(startTimeUnixNano))
    expect(starts).toEqual(starts.toSorted((a, b) => Number(b - a)))
    expect(found[0]).toMatchObject({ rootServiceName: 'tern-proxy', rootTraceName: 'publish' })
    const [one] = await grafana().search(
      '{span.messaging.destination.name="plant/3/temp"} | select(span.messaging.message.id)',
    )
    const id = one?.spanSets[0]?.spans[0]?.attributes.find(({ key }) => key === 'messaging.message.id')?.value[
      'stringValue'
    ]
    const again = await grafana().search(`{span.messaging.message.id="${id}"}`)
    expect(again.map(({ traceID }) => traceID)).toEqual([one?.traceID])
    const services = (await grafana().trace(one?.traceID ?? '')).map(({ service }) => service)
    expect([...new Set(services)].sort()).toEqual(['tern-broker', 'tern-proxy'])
    expect(await grafana().search('{span.messaging.client.id="app-1" && kind=consumer}', { limit: 7 })).toHaveLength(7)
    expect(await grafana().search('{span.messaging.client.id="nobody"}')).toEqual([])
  })

  test('finds a path by its shape', async () => {
    const q =
      '{ name = "publish" && span.messaging.client.id = "car-7" } >> { kind = consumer && span.messaging.client.id = "app-1" } | count() = 1'
    expect(await grafana().search(q, { limit: 100 })).toHaveLength(messages)
  })

  test('streams', async () => {
    const { traces } = await grafana().searchStream('{span.messaging.client.id="car-7"}', {
      limit: 100,
      end: now() + 1,
    })
    expect(traces).toHaveLength(messages)
  })

  test('completes names and values', async () => {
    expect(await grafana().tags()).toEqual(
      expect.arrayContaining([
        'span.messaging.client.id',
        'span.messaging.destination.name',
        'resource.service.name',
        'status',
      ]),
    )
    const values = async (tag: string, q = '') => (await grafana().values(tag, q)).map(({ value }) => value).sort()
    expect(await values('span.messaging.client.id')).toEqual(['app-1', 'car-7'])
    expect(await values('resource.service.name')).toEqual(['tern-broker', 'tern-proxy'])
    expect(await values('name', '{kind=consumer && span.x = }')).toEqual(['deliver plant/+/temp'])
  })

  test('counts over time', async () => {
    const [total] = await grafana().instant('{ kind = consumer } | count_over_time()', now() - 300, now() + 1)
    expect(total?.value).toBe(messages)
  })
})

test('what took long is found by its duration, and by that of its trace', async () => {
  const slow = await connect(2, 'slow-app')
  // It acknowledges after more than a second.
  slow.handleMessage = (_packet, acknowledge) => void setTimeout(acknowledge, 1_100)
  await slow.subscribeAsync('slow/x', { qos: 1 })
  const publisher = await connect(0, 'slow-publisher')
  await publisher.publishAsync('slow/x', '1', { qos: 1 })
  const grafana = new GrafanaDouble(overNetwork(address()), profiles[3]!)
  const ids = async (q: string) => (await grafana.search(q, { limit: 100 })).map(({ traceID }) => traceID)
  await vi.waitFor(async () => expect(await ids('{ name = "ack" && duration > 1s }')).toHaveLength(1), {
    timeout: 20_000,
    interval: 100,
  })
  const found = await ids('{ span.messaging.client.id = "slow-app" }')
  expect(found).toHaveLength(1)
  for (const q of [
    '{ kind = consumer && duration > 1s }',
    '{ traceDuration > 1s }',
    '{ duration >= 1s } | count() > 0',
  ]) {
    expect(await ids(q)).toEqual(found)
  }
  expect(await ids('{ traceDuration > 1m }')).toEqual([])
})

test('the service graph of a region is in Prometheus', async () => {
  const query = 'sum by (client, server, connection_type) (traces_service_graph_request_total)'
  await vi.waitFor(
    async () => {
      const edges = (await prometheus.query(query)).map(({ metric, value }) => [
        metric['client'],
        metric['server'],
        Number(value[1]),
      ])
      expect(edges).toEqual(
        expect.arrayContaining([
          ['mqtt-client', 'tern-proxy', messages + 1],
          ['tern-proxy', 'tern-broker', messages + 1],
        ]),
      )
    },
    { timeout: 20_000, interval: 200 },
  )
  const text = await (await fetch(`${trace.tempo}/metrics`)).text()
  expect(text).not.toMatch(/car-7|plant/)
})
