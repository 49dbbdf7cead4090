import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { InMemorySpanExporter, SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { hexOf } from '../../core/spans/hex.ts'
import { viewOf } from '../../core/spans/trace-view.ts'
import { MemoryStore } from '../../testing/memory-store.ts'
import { startOtlpGrpc } from './grpc.ts'
import { startOtlpHttp } from './http.ts'

// Much work on a machine that may have other work.
vi.setConfig({ testTimeout: 60_000 })

const running: { stop(): void }[] = []
afterEach(() => {
  for (const server of running.splice(0)) server.stop()
})

async function serving(store: MemoryStore) {
  const ports = { sink: store, taken: () => {} }
  const http = await startOtlpHttp('127.0.0.1:0', ports)
  const grpc = await startOtlpGrpc('127.0.0.1:0', ports)
  running.push(http, grpc)
  return { http: `http://${http.address}/v1/traces`, grpc: `http://${grpc.address}` }
}

type Urls = Awaited<ReturnType<typeof serving>>

/** What a service exports that has served one call and made another. */
async function someSpans() {
  const memory = new InMemorySpanExporter()
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] })
  const tracer = provider.getTracer('billing', '1.2.3')
  const outer = tracer.startSpan('POST /orders', {
    kind: SpanKind.SERVER,
    attributes: { 'http.status_code': 500, retry: true, ratio: 0.5 },
  })
  const within = trace.setSpan(ROOT_CONTEXT, outer)
  const inner = tracer.startSpan(
    'publish',
    { kind: SpanKind.PRODUCER, attributes: { tags: ['a', 'b'] }, links: [{ context: outer.spanContext() }] },
    within,
  )
  inner.addEvent('sent', { bytes: 12 })
  inner.end()
  outer.setStatus({ code: SpanStatusCode.ERROR, message: 'no' })
  outer.end()
  await provider.forceFlush()
  return { spans: memory.getFinishedSpans(), traceId: outer.spanContext().traceId }
}

const compression = 'gzip' as never
const exporters: readonly (readonly [name: string, (urls: Urls) => SpanExporter])[] = [
  ['gRPC', ({ grpc }) => new GrpcExporter({ url: grpc })],
  ['gRPC with gzip', ({ grpc }) => new GrpcExporter({ url: grpc, compression })],
  ['protobuf over HTTP', ({ http }) => new ProtoExporter({ url: http })],
  ['protobuf over HTTP with gzip', ({ http }) => new ProtoExporter({ url: http, compression })],
  ['JSON over HTTP', ({ http }) => new JsonExporter({ url: http })],
  ['JSON over HTTP with gzip', ({ http }) => new JsonExporter({ url: http, compression })],
]

type Spans = Parameters<SpanExporter['export']>[0]
const exported = (exporter: SpanExporter, spans: Spans) =>
  new Promise<{ code: number; error?: Error }>((resolve) => exporter.export(spans, resolve))

describe.each(exporters)('the exporter of OpenTelemetry for %s', (_name, exporterTo) => {
  test('sends spans, which are here with all that they had', async () => {
    const store = new MemoryStore()
    const exporter = exporterTo(await serving(store))
    const { spans, traceId } = await someSpans()
    expect(await exported(exporter, spans)).toMatchObject({ code: 0 })
    const view = viewOf({ id: traceId, resourceSpans: await store.trace(traceId) })!
    const [outer, inner] = ['POST /orders', 'publish'].map((name) => view.spans.find(({ span }) => span.name === name)!)
    expect(inner?.parent).toBe(outer)
    expect(outer?.span).toMatchObject({ kind: 2, status: { code: 2, message: 'no' } })
    expect(outer?.span.attributes.map(({ key, value }) => [key, value?.value?.value])).toEqual([
      ['http.status_code', 500n],
      ['retry', true],
      ['ratio', 0.5],
    ])
    expect(inner?.span.events[0]).toMatchObject({ name: 'sent' })
    expect(hexOf(inner!.span.links[0]!.traceId)).toBe(traceId)
    expect(outer!.span.endTimeUnixNano - outer!.span.startTimeUnixNano).toBeGreaterThan(0n)
    expect(inner?.scope).toMatchObject({ name: 'billing', version: '1.2.3' })
    expect(outer?.service).toMatch(/^unknown_service/)
    await exporter.shutdown()
  })
})

/** The one for gRPC gives up at once, whatever it is told. */
test.each(exporters.filter(([name]) => name.includes('HTTP') && !name.includes('gzip')))(
  'the exporter for %s sends again, when there was no room, until there is',
  async (_name, exporterTo) => {
    const store = new MemoryStore()
    store.full = { taken: false, why: 'the ring is full', retryAfterSeconds: 1 }
    const exporter = exporterTo(await serving(store))
    const { spans, traceId } = await someSpans()
    const offered = new Promise<void>((resolve) => {
      const offer = store.offer.bind(store)
      store.offer = (traces) => {
        const answer = offer(traces)
        store.full = undefined
        resolve()
        return answer
      }
    })
    const result = exported(exporter, spans)
    await offered
    expect(await store.trace(traceId)).toEqual([])
    expect(await result).toMatchObject({ code: 0 })
    expect(await store.trace(traceId)).not.toEqual([])
    await exporter.shutdown()
  },
)
