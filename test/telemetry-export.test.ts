import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { otlpCollector, type otlpTrace } from '@tern/proto'
import { startServer, unaryHandler } from '@tern/rpc'
import { createLogger, systemClock } from '@tern/runtime'
import { createMetrics, inSpan, type Metrics } from '@tern/telemetry'
import { type Exporting, openTelemetry } from '@tern/telemetry/node'
import { afterEach, expect, test, vi } from 'vitest'

const identity = { service: 'broker', zone: 'az-a', instance: 'run 1' }
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
  vi.unstubAllEnvs()
})

type Received = Readonly<{ path: string; bytes: Buffer }>

/** A collector as far as its HTTP port goes; `answers` false: it takes connections and says nothing. */
async function collector(answers = true) {
  const received: Received[] = []
  let wake = () => {}
  const server: Server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    received.push({ path: request.url ?? '', bytes: Buffer.concat(pieces) })
    wake()
    if (answers) response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const until = async (fits: (all: readonly Received[]) => boolean) => {
    while (!fits(received)) await new Promise<void>((resolve) => (wake = resolve))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, until }
}

async function exportingTo(env: Readonly<Record<string, string>>) {
  const lines: Record<string, unknown>[] = []
  for (const [name, value] of Object.entries({ OTEL_BSP_SCHEDULE_DELAY: '20', ...env })) vi.stubEnv(name, value)
  const logger = createLogger((line) => void lines.push(JSON.parse(line)))
  const exporting = await openTelemetry({ env: process.env, clock: systemClock, logger })
  ends.push(() => exporting.stop())
  return { exporting, lines }
}

const spansOf = (received: readonly Received[]) =>
  received
    .filter(({ path }) => path === '/v1/traces')
    .flatMap(({ bytes }) => otlpCollector.ExportTraceServiceRequest.decode(bytes).resourceSpans)

const hexOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex')

const attributesOf = (holder: Readonly<{ attributes: otlpTrace.Span['attributes'] }> | undefined) =>
  Object.fromEntries(
    (holder?.attributes ?? []).map(({ key, value }) => [key, Object.values(value?.value ?? {}).at(-1)]),
  )

const sent = ({ metrics }: Exporting, outcome: string): number | undefined =>
  metrics.flatMap((each: Metrics) => each.snapshot()).find(({ labels }) => labels['outcome'] === outcome)?.value

test('spans reach a collector over HTTP, with their parents, what happened, what failed, and who says so', async () => {
  const { url, received, until } = await collector()
  const { exporting } = await exportingTo({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces` })
  const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true }
  const span = exporting
    .tracerOf(identity)
    .start('queue takeover', { parent, attributes: { 'tern.queue': 7, 'tern.no': undefined } })
  span.note('noticed', { 'tern.epoch': 9 })
  await expect(inSpan(span.child('open home'), () => Promise.reject(new RangeError('no room')))).rejects.toThrow()
  span.end()
  await until((all) => spansOf(all).length > 0)
  const [{ resource, scopeSpans } = { resource: undefined, scopeSpans: [] }] = spansOf(received)
  expect(attributesOf(resource)).toMatchObject({
    'service.name': 'tern-broker',
    'service.instance.id': 'run 1',
    'cloud.availability_zone': 'az-a',
  })
  const spans = scopeSpans.flatMap((each) => each.spans)
  const [failed, whole] = spans
  expect(spans.map(({ name }) => name)).toEqual(['open home', 'queue takeover'])
  expect(hexOf(whole?.traceId)).toBe(parent.traceId)
  expect(hexOf(whole?.parentSpanId)).toBe(parent.spanId)
  expect(failed?.parentSpanId).toEqual(whole?.spanId)
  expect(span.fields).toEqual({ trace_id: parent.traceId, span_id: hexOf(whole?.spanId) })
  expect(attributesOf(whole)).toEqual({ 'tern.queue': 7n })
  expect(whole?.events).toMatchObject([{ name: 'noticed' }])
  expect(failed?.status).toMatchObject({ code: 2, message: 'no room' })
  expect(attributesOf(failed)).toEqual({ 'error.type': 'RangeError' })
  await vi.waitFor(() => expect(sent(exporting, 'exported')).toBe(2))
})

test('spans reach a collector over gRPC, too', async () => {
  const received = Promise.withResolvers<otlpCollector.ExportTraceServiceRequest>()
  const server = await startServer('127.0.0.1:0', [
    {
      definition: otlpCollector.TraceServiceService,
      implementation: {
        export: unaryHandler(async (request: otlpCollector.ExportTraceServiceRequest) => {
          received.resolve(request)
          return {}
        }),
      },
    },
  ])
  ends.push(() => server.stop())
  const { exporting } = await exportingTo({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${server.address}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_METRICS_EXPORTER: 'none',
  })
  exporting.tracerOf(identity).start('drain').end()
  const [spans] = (await received.promise).resourceSpans
  expect(spans?.scopeSpans[0]?.spans[0]?.name).toBe('drain')
})

test('numbers reach a collector under the names of OpenTelemetry', async () => {
  const { url, until } = await collector()
  const { exporting } = await exportingTo({
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRIC_EXPORT_INTERVAL: '20',
  })
  const specs = { 'tern.test.turns': { kind: 'counter', unit: '{turn}', help: 'Turns.', labels: ['way'] } } as const
  exporting.send(identity, [createMetrics('test', specs, { 'tern.test.turns': () => [[['left'], 7]] })])
  await until((all) => {
    const text = all.filter(({ path }) => path === '/v1/metrics').map(({ bytes }) => bytes.toString('latin1'))
    return text.some((each) =>
      ['tern.test.turns', 'left', 'tern-broker', 'Turns.'].every((word) => each.includes(word)),
    )
  })
})

test('a collector that is not there costs spans, which are counted, and is told of once', async () => {
  const { exporting, lines } = await exportingTo({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:1/v1/traces',
    OTEL_EXPORTER_OTLP_TIMEOUT: '100',
    OTEL_BSP_MAX_QUEUE_SIZE: '10',
  })
  const tracer = exporting.tracerOf(identity)
  for (let i = 0; i < 100; i++) tracer.start('takeover').end()
  await vi.waitFor(() => expect(sent(exporting, 'failed')).toBeGreaterThan(0), 5_000)
  for (let i = 0; i < 100; i++) tracer.start('takeover').end()
  await vi.waitFor(() => expect((sent(exporting, 'failed') ?? 0) + (sent(exporting, 'dropped') ?? 0)).toBe(200), 5_000)
  expect(sent(exporting, 'dropped')).toBeGreaterThanOrEqual(100)
  expect(sent(exporting, 'exported')).toBe(0)
  expect(lines.filter(({ message }) => String(message).startsWith('the collector takes no spans'))).toHaveLength(1)
})

test('a collector that never answers holds up neither spans nor the end of the process', async () => {
  const { url, until } = await collector(false)
  const { exporting } = await exportingTo({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_BSP_MAX_QUEUE_SIZE: '10' })
  const tracer = exporting.tracerOf(identity)
  tracer.start('first').end()
  await until((all) => all.length > 0)
  const began = performance.now()
  for (let i = 0; i < 1_000; i++) tracer.start('more').end()
  expect(performance.now() - began).toBeLessThan(500)
  expect(sent(exporting, 'dropped')).toBe(990)
  await exporting.stop()
  expect(performance.now() - began).toBeLessThan(2_500)
})

test('what is not sampled is not sent, and its parts are not either', async () => {
  const { url, received, until } = await collector()
  const { exporting } = await exportingTo({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces`,
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
  })
  const tracer = exporting.tracerOf(identity)
  const unsampled = tracer.start('unsampled')
  unsampled.child('part').end()
  unsampled.end()
  const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true }
  tracer.start('of a caller that is sampled', { parent }).end()
  await until((all) => spansOf(all).length > 0)
  const names = spansOf(received).flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)),
  )
  expect(names).toEqual(['of a caller that is sampled'])
})
