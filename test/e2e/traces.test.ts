import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { otlpCollector } from '@tern/proto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Region, startRegion } from '../support/region.ts'

type SpanSeen = Readonly<{ service: string; zone: string; name: string; events: readonly string[] }>

let region: Region
let server: Server
const seen: SpanSeen[] = []

const textOf = (
  attributes: otlpCollector.ExportTraceServiceRequest['resourceSpans'][number]['scopeSpans'][number]['spans'][number]['attributes'],
  key: string,
) => String(Object.values(attributes.find((each) => each.key === key)?.value?.value ?? {}).at(-1) ?? '')

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const { resourceSpans } = otlpCollector.ExportTraceServiceRequest.decode(Buffer.concat(pieces))
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = textOf(resource?.attributes ?? [], 'service.name')
      const zone = textOf(resource?.attributes ?? [], 'cloud.availability_zone')
      for (const { name, events } of scopeSpans.flatMap(({ spans }) => spans))
        seen.push({ service, zone, name, events: events.map((event) => event.name) })
    }
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', `http://127.0.0.1:${port}/v1/traces`)
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '100')
  region = await startRegion()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await region?.stop()
  server?.close()
})

test('a region tells a collector how it began: a leader, and queues that brokers took over', async () => {
  await vi.waitFor(
    () => expect(seen.filter(({ name }) => name === 'queue takeover').length).toBeGreaterThanOrEqual(12),
    20_000,
  )
  expect(seen.find(({ name }) => name === 'leader change')?.service).toBe('tern-nameserver')
  const takeovers = () => seen.filter(({ name }) => name === 'queue takeover')
  // The first broker has all of them until the others are there.
  await vi.waitFor(() => expect(new Set(takeovers().map(({ zone }) => zone)).size).toBe(3), 20_000)
  expect(new Set(takeovers().map(({ service }) => service))).toEqual(new Set(['tern-broker']))
})

test('the death of a zone is a span with what died and where its queues go, and their takeovers follow', async () => {
  seen.length = 0
  await region.killZone('az-b')
  await vi.waitFor(() => expect(seen.some(({ name }) => name === 'member death')).toBe(true), 20_000)
  const events = seen.filter(({ name }) => name === 'member death').flatMap((span) => span.events)
  expect(events).toContain('member died')
  expect(events).toContain('queue assigned')
  await vi.waitFor(() => expect(seen.some(({ name }) => name === 'queue takeover')).toBe(true), 20_000)
})
