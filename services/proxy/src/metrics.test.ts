import { reasonCode } from '@tern/mqtt'
import { expect, test } from 'vitest'
import { connectBytes, publishBytes, setUp } from './adapters/connection/client-connection.fixture.ts'
import { ProxyCounters } from './core/counters.ts'
import type { Incarnation } from './incarnation.ts'
import { proxyMetrics } from './metrics.ts'

function started() {
  const { clock, fake, connections, counters, connect } = setUp()
  const present = { context: { connections }, region: { queues: 1, unanswered: 0, linkedQueues: 1 } }
  const metrics = proxyMetrics(counters, () => present as unknown as Incarnation)
  const value = (name: string, labels: Record<string, string> = {}) =>
    metrics
      .snapshot()
      .find((each) => each.name === name && Object.entries(labels).every(([key, text]) => each.labels[key] === text))
      ?.value
  const open = async () => {
    const { socket } = connect()
    socket.receive(connectBytes())
    await clock.pass(0)
    return socket
  }
  return { clock, fake, value, open, connect, metrics }
}

test('clients are counted as they come and go, with the reason', async () => {
  const { value, open, connect, fake } = started()
  const socket = await open()
  const { connection } = connect()
  expect([value('tern_proxy_connections'), value('tern_proxy_sessions')]).toEqual([2, 1])
  expect(value('tern_proxy_connects_total', { reason: 'success' })).toBe(1)
  connection.closed()
  socket.receive([0xe0, 0])
  expect([value('tern_proxy_connections'), value('tern_proxy_sessions')]).toEqual([0, 0])
  expect(value('tern_proxy_disconnects_total', { reason: 'success' })).toBe(1)
  expect(value('tern_proxy_connections_lost_total')).toBe(1)
  fake.status = 3
  await open()
  expect(value('tern_proxy_connects_total', { reason: 'server_unavailable' })).toBe(1)
})

test('publishes are counted by QoS when they are handed on, and refusals by their reason', async () => {
  const { value, open, fake } = started()
  const socket = await open()
  socket.receive(publishBytes(1, 1), publishBytes(0))
  fake.appended[0]?.answer({ verdict: 'refused', reasonCode: reasonCode.quotaExceeded })
  expect(value('tern_proxy_published_messages_total', { qos: '1' })).toBe(1)
  expect(value('tern_proxy_published_messages_total', { qos: '0' })).toBe(1)
  expect(value('tern_proxy_published_refused_total', { reason: 'quota_exceeded' })).toBe(1)
})

test('a message that waits for room is counted when it goes, and its waiting once', async () => {
  const { value, open, fake } = started()
  const socket = await open()
  fake.full = true
  socket.receive(publishBytes(1, 1))
  expect(value('tern_proxy_published_messages_total', { qos: '1' })).toBe(0)
  expect(value('tern_proxy_published_held_total')).toBe(1)
  fake.makeRoom()
  expect(value('tern_proxy_published_messages_total', { qos: '1' })).toBe(1)
})

test('X13: labels have few values, whatever clients send', async () => {
  const { metrics, open } = started()
  for (let i = 0; i < 20; i++) (await open()).receive(publishBytes(1, i + 1))
  const labels = new Set(metrics.snapshot().flatMap((each) => Object.keys(each.labels)))
  expect([...labels].sort()).toEqual(['le', 'qos', 'reason'])
})

test('a proxy that has not joined says what it knows', () => {
  const names = proxyMetrics(new ProxyCounters(), () => undefined)
    .snapshot()
    .map(({ name }) => name)
  expect(names).toContain('tern_proxy_incarnations_total')
  expect(names).not.toContain('tern_proxy_queues')
})
