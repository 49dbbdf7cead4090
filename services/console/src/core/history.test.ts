import { expect, test } from 'vitest'
import { History, millisOf, samplesMax } from './history.ts'
import { apiAddressesOf, type Topology, webSocketAddressesOf } from './topology.ts'

const topology: Topology = {
  zones: [
    {
      name: 'az-a',
      state: 'MEMBER_STATE_HEALTHY',
      members: [
        {
          kind: 'MEMBER_KIND_PROXY',
          state: 'MEMBER_STATE_HEALTHY',
          connections: 7,
          endpoints: { api: '127.0.0.1:9091', websocket: '127.0.0.1:8084' },
        },
        { kind: 'MEMBER_KIND_BROKER', ownedQueues: 4 },
        { kind: 'MEMBER_KIND_NAMESERVER', leads: true },
      ],
    },
    {
      name: 'az-b',
      members: [{ kind: 'MEMBER_KIND_PROXY', state: 'MEMBER_STATE_DEAD', endpoints: { api: 'gone:1' } }],
    },
  ],
  headline: { clients: 7, publishesPerSecond: 12.5, publishToDeliverP99: '0.014s' },
}

test('a sample holds what the charts show', () => {
  const history = new History()
  history.add(topology, 5_000)
  expect(history.samples[0]).toMatchObject({ time: 5_000, clients: 7, publishes: 12.5, p99: 14, oldest: null })
  expect(history.samples[0]?.zones[0]).toEqual({ name: 'az-a', state: 'healthy', clients: 7, queues: 4, leads: true })
})

test('there is one sample a second, for a quarter of an hour', () => {
  const history = new History()
  for (let i = 0; i < 2 * samplesMax; i++) {
    history.add(topology, i * 1_000)
    history.add(topology, i * 1_000 + 200)
  }
  expect(history.samples).toHaveLength(samplesMax)
  expect(history.samples[0]?.time).toBe(samplesMax * 1_000)
})

test('the addresses of living proxies are known, not those of dead ones', () => {
  expect(apiAddressesOf(topology)).toEqual(['127.0.0.1:9091'])
  expect(webSocketAddressesOf(topology)).toEqual(['127.0.0.1:8084'])
  expect(millisOf('1.5s')).toBe(1_500)
  expect(millisOf(undefined)).toBeNull()
})
