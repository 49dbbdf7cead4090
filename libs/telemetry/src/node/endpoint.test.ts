import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { type Endpoint, serveEndpoints } from './endpoint.ts'

let endpoint: Endpoint | undefined
afterEach(() => endpoint?.close())

async function setUp(isReady = () => true) {
  const specs = { 'tern.test.turns': { kind: 'counter', unit: '{turn}', help: 'Turns.' } } as const
  const metrics = [createMetrics('test', specs, { 'tern.test.turns': () => 7 })]
  const identity = { service: 'test', zone: 'az-a', instance: 'one' }
  ;[endpoint] = await serveEndpoints(['127.0.0.1:0'], { metrics, ready: { test: isReady }, identity })
  return (path: string, init?: RequestInit) => fetch(`http://${endpoint?.address}${path}`, init)
}

test('/metrics says what the process counts, and what it is itself', async () => {
  const ask = await setUp()
  const response = await ask('/metrics?x=1')
  const text = await response.text()
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(text).toContain('\ntern_test_turns_total{zone="az-a"} 7\n')
  expect(text).toMatch(/\nprocess_cpu_time_seconds_total\{cpu_mode="user",zone="az-a"\} \d/)
  expect(text).toMatch(/\nnodejs_eventloop_delay_seconds\{percentile="99",zone="az-a"\} \d/)
  expect(text).toMatch(/\nv8js_memory_heap_used_bytes\{zone="az-a"\} \d{6}/)
  expect(text).toContain(
    '\ntarget_info{service_name="tern-test",service_namespace="tern",service_instance_id="one",cloud_availability_zone="az-a",zone="az-a"} 1\n',
  )
})

test('/metrics speaks OpenMetrics with who asks for it', async () => {
  const ask = await setUp()
  const response = await ask('/metrics', {
    headers: { accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' },
  })
  expect(response.headers.get('content-type')).toContain('application/openmetrics-text')
  expect(await response.text()).toMatch(/# EOF\n$/)
})

test('/health is about the process, /ready about what it is for', async () => {
  let ready = false
  const ask = await setUp(() => ready)
  expect((await ask('/health')).status).toBe(200)
  const before = await ask('/ready')
  expect([before.status, await before.json()]).toEqual([503, { ready: false, parts: { test: false } }])
  ready = true
  expect((await ask('/ready')).status).toBe(200)
})

test.each([
  ['GET', '/', 404],
  ['GET', '/metrics/../../etc/passwd', 404],
  ['GET', '/__proto__', 404],
  ['POST', '/metrics', 405],
  ['DELETE', '/ready', 405],
])('%s %s is answered with %d', async (method, path, status) => {
  const ask = await setUp()
  expect((await ask(path, { method })).status).toBe(status)
})

test('who sends no request is cut off, and an address that is taken is named', async () => {
  await setUp()
  const { address = '' } = endpoint ?? {}
  const identity = { service: 'test', zone: '', instance: 'two' }
  await expect(serveEndpoints([address], { metrics: [], ready: {}, identity })).rejects.toThrow(
    `cannot serve metrics on ${address}: `,
  )
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1')
  const said = await new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (data) => (text += data))
    socket.on('close', () => resolve(text))
    socket.write('nonsense\r\n\r\n')
  })
  expect(said).toMatch(/^HTTP\/1.1 400 /)
})
