import type { otlpTrace } from '@tern/proto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { SpanMetrics } from '../../core/span-metrics/span-metrics.ts'
import type { SearchRequest, TraceSpans } from '../../ports.ts'
import { GrafanaDouble, profiles, type Server } from '../../testing/grafana/double.ts'
import { inProcess } from '../../testing/grafana/in-process.ts'
import { overNetwork } from '../../testing/grafana/over-network.ts'
import { MemoryStore } from '../../testing/memory-store.ts'
import { aSpan, aTrace, testsBegin } from '../../testing/spans.ts'
import { startTempo } from './serve.ts'
import { createTempo } from './tempo.ts'

// Much work on a machine that may have other work.
vi.setConfig({ testTimeout: 60_000 })

const seconds = Number(testsBegin / 1_000_000_000n)
const range = { start: seconds - 60, end: seconds + 600 }
const idOf = (number: number) => number.toString(16).padStart(32, '0')

/** A message of one client to one topic, delivered; later ones have greater numbers. */
function aMessage(number: number, shape: { failed?: boolean; note?: string } = {}): TraceSpans {
  const begin = number * 1_000
  return aTrace(idOf(number), 'mqtt-proxy', [
    aSpan('publish sensors/+/temp', {
      kind: 2,
      milliseconds: [begin, begin + 5],
      attributes: {
        'messaging.client.id': `car-${number % 3}`,
        'messaging.destination.name': `sensors/${number}/temp`,
        'messaging.message.id': `7-${number}`,
        qos: number % 3,
        'room no': 'b/7',
        ...(shape.note === undefined ? {} : { note: shape.note, more: shape.note, most: shape.note }),
      },
    }),
    aSpan('deliver sensors/+/temp', {
      kind: 5,
      parent: 'publish sensors/+/temp',
      milliseconds: [begin + 5, begin + 25],
      attributes: { 'messaging.client.id': 'app' },
      status: shape.failed ? [2, 'offline'] : [0, ''],
    }),
  ])
}

function serverOf(store: MemoryStore, isReady = true): Server {
  const now = () => (seconds + 300) * 1000
  return inProcess(createTempo({ store, now, isReady: () => isReady, spanMetrics: new SpanMetrics() }))
}

const running: { stop(): void }[] = []
afterEach(() => {
  for (const server of running.splice(0)) server.stop()
})

/** The same behind a real port. */
async function servedOf(store: MemoryStore): Promise<Server> {
  const now = () => (seconds + 300) * 1000
  const ports = { store, now, isReady: () => true, spanMetrics: new SpanMetrics(), fault: fail }
  const server = await startTempo('127.0.0.1:0', ports)
  running.push(server)
  return overNetwork(server.address)
}

function fail(error: unknown): never {
  throw error
}

const ten = () =>
  new MemoryStore(Array.from({ length: 10 }, (_, index) => aMessage(index + 1, { failed: index === 4 })))
const grafanaOf = (server: Server, profile = profiles[3]!) => new GrafanaDouble(server, profile)

/** What other senders leave out: resource, scope and status. */
function aForeignTrace(id: string, spans: readonly otlpTrace.Span[]): TraceSpans {
  const traceId = Buffer.from(id, 'hex')
  const bare = spans.map((span) => ({ ...span, traceId, status: undefined }))
  const scopeSpans = [{ scope: undefined, spans: bare, schemaUrl: '' }]
  return { id, resourceSpans: [{ resource: undefined, scopeSpans, schemaUrl: '' }] }
}

describe.each(profiles)('$name', (profile) => {
  test('saves, tests, and may stream', async () => {
    const grafana = grafanaOf(await servedOf(new MemoryStore()), profile)
    await grafana.health()
    expect(await grafana.canStream()).toBe(true)
  })

  test('shows a trace, whose id may lack its zeros in front or be in capitals', async () => {
    const store = new MemoryStore([aMessage(0xab)])
    const grafana = grafanaOf(await servedOf(store), profile)
    for (const id of [idOf(0xab), 'ab', 'AB'])
      expect(await grafana.trace(id)).toEqual([{ service: 'mqtt-proxy', spans: 2 }])
  })

  test('shows a trace of spans without resource, scope and status, one of which came twice', async () => {
    const spans = [aSpan('a'), aSpan('b'), aSpan('a')]
    const grafana = grafanaOf(await servedOf(new MemoryStore([aForeignTrace(idOf(5), spans)])), profile)
    expect(await grafana.trace('5')).toEqual([{ service: 'unknown_service', spans: 2 }])
  })

  test('learns that there is no such trace', async () => {
    const grafana = grafanaOf(await servedOf(new MemoryStore()), profile)
    const trace = grafana.trace('abc')
    if (profile.traceFirst === 'v1') await expect(trace).rejects.toThrow('404: trace not found')
    else expect(await trace).toEqual([])
  })

  test('finds messages by what its search tab writes, newest first, with what was asked for as columns', async () => {
    const grafana = grafanaOf(await servedOf(ten()), profile)
    const q =
      '{resource.service.name="mqtt-proxy" && (span.messaging.client.id="car-1" || span.messaging.client.id="car-2") && duration>1ms}'
    const rows = await grafana.search(q, range)
    expect(rows.map(({ traceID }) => traceID)).toEqual([10, 8, 7, 5, 4, 2, 1].map(idOf))
    expect(rows[0]).toMatchObject({
      rootServiceName: 'mqtt-proxy',
      rootTraceName: 'publish sensors/+/temp',
      startTimeUnixNano: `${testsBegin + 10_000_000_000n}`,
      durationMs: 25,
    })
    const [set] = rows[0]!.spanSets
    expect(set?.matched).toBe(1)
    expect(set?.spans[0]?.attributes).toEqual([
      { key: 'service.name', value: { stringValue: 'mqtt-proxy' } },
      { key: 'messaging.client.id', value: { stringValue: 'car-1' } },
    ])
  })

  test('lists tags of each scope and their values, with the types that the editor quotes by', async () => {
    const grafana = grafanaOf(await servedOf(ten()), profile)
    expect(await grafana.tags()).toEqual(
      expect.arrayContaining(['resource.service.name', 'span.messaging.client.id', 'duration', 'status', 'trace:id']),
    )
    expect(await grafana.values('resource.service.name')).toEqual([{ type: 'string', value: 'mqtt-proxy' }])
    expect((await grafana.values('span.qos')).map(({ type, value }) => `${type} ${value}`).sort()).toEqual([
      'int 0',
      'int 1',
      'int 2',
    ])
    expect(await grafana.values('span."room no"')).toEqual([{ type: 'string', value: 'b/7' }])
    expect(await grafana.values('status')).toContainEqual({ type: 'keyword', value: 'error' })
    expect(await grafana.values('kind')).toContainEqual({ type: 'keyword', value: 'server' })
    expect(await grafana.values('duration')).toEqual([])
    expect(await grafana.values('name')).toContainEqual({ type: 'string', value: 'publish sensors/+/temp' })
  })

  test.each(['resource.undefined', 'span.undefined', 'undefined', 'span."a b/c%"', 'no scope', '%', '."'])(
    'asks for the tag %s, which nobody has, and gets none',
    async (tag) => {
      expect(await grafanaOf(await servedOf(ten()), profile).values(tag)).toEqual([])
    },
  )

  test('gets values under the conditions that are finished', async () => {
    const grafana = grafanaOf(await servedOf(ten()), profile)
    const values = await grafana.values(
      'span.messaging.destination.name',
      '{span.messaging.client.id = "car-0" && span.qos = }',
    )
    expect(values.map(({ value }) => value).sort()).toEqual(['sensors/3/temp', 'sensors/6/temp', 'sensors/9/temp'])
    expect(await grafana.values('resource.service.name', '{resource.cluster = }')).toHaveLength(1)
  })
})

describe('streams', () => {
  test('have progress in each message, each trace once, and an end', async () => {
    const grafana = grafanaOf(await servedOf(ten()))
    const { traces, progress } = await grafana.searchStream('{ status = error }', range)
    expect(traces.map(({ traceID }) => traceID)).toEqual([idOf(5)])
    expect(progress).toEqual(['1/5', '2/5', '3/5', '4/5', '5/5', '5/5'])
  })

  test('have a message with metrics though nothing was found', async () => {
    const { traces, progress } = await grafanaOf(serverOf(new MemoryStore())).searchStream('{}', range)
    expect(traces).toEqual([])
    expect(progress.length).toBeGreaterThan(0)
  })

  test('are at most 1 MiB a message, whatever the attributes are', async () => {
    const note = 'x'.repeat(100_000)
    const many = Array.from({ length: 600 }, (_, index) => aMessage(index + 1, { note }))
    const store = new MemoryStore(many, { tracesPerStep: 256 })
    const query = `{ ${Array.from({ length: 40 }, (_, index) => `span.note != "${index}"`).join(' && ')} } | select(span.more, span.most)`
    const { traces } = await grafanaOf(serverOf(store)).searchStream(query, {
      ...range,
      end: range.end + 600,
      limit: 1000,
    })
    expect(traces).toHaveLength(600)
  })
})

test('a search stops reading once it has what was asked for', async () => {
  const store = ten()
  const rows = await grafanaOf(serverOf(store)).search('{}', { ...range, limit: 3 })
  expect(rows.map(({ traceID }) => traceID)).toEqual([10, 9, 8].map(idOf))
  expect(store.steps).toBe(2)
})

test('a store hears the conditions and the time that it may prune by', async () => {
  const store = ten()
  await grafanaOf(serverOf(store)).search('{ span.messaging.client.id = "app" && duration > 10ms }', range)
  const nanos = (second: number) => BigInt(second) * 1_000_000_000n
  expect(store.requests[0]?.range).toEqual({ start: nanos(range.start), end: nanos(range.end + 1) - 1n })
  expect(store.requests[0]?.hints.alternatives).toEqual([
    [
      {
        attribute: { scope: 'span', name: 'messaging.client.id' },
        operator: '=',
        value: { type: 'string', value: 'app' },
      },
      {
        attribute: { scope: 'intrinsic', name: 'duration' },
        operator: '>',
        value: { type: 'duration', value: 10_000_000n },
      },
    ],
  ])
})

test('no trace is the two bytes that Tempo sends', async () => {
  const { status, body } = await serverOf(new MemoryStore()).get('/api/v2/traces/abc', {
    accept: 'application/protobuf',
  })
  expect([status, body.toString('hex')]).toEqual([200, '0a00'])
})

test('values that a store keeps no list of are taken from traces', async () => {
  const store = new MemoryStore([aMessage(1), aMessage(2)], { unlisted: ['messaging.message.id'] })
  const values = await grafanaOf(serverOf(store)).values('span.messaging.message.id')
  expect(values.map(({ value }) => value).sort()).toEqual(['7-1', '7-2'])
})

test('the first version of tags has names and values alone', async () => {
  const grafana = grafanaOf(serverOf(ten()), profiles[0])
  expect(await grafana.tagsV1()).toEqual(expect.arrayContaining(['service.name', 'qos', 'status']))
  expect(await grafana.valuesV1('service.name')).toEqual(['mqtt-proxy'])
})

test('groups and aggregates are shown of a set, and so is what was selected', async () => {
  const [row] = await grafanaOf(serverOf(ten())).search(
    '{} | by(span.messaging.client.id) | count() > 0 | select(span.qos)',
    { ...range, limit: 1 },
  )
  expect(row?.spanSets.map(({ attributes }) => attributes.map(({ key }) => key))).toEqual([
    ['by(span.messaging.client.id)', 'count()'],
    ['by(span.messaging.client.id)', 'count()'],
  ])
  expect(row?.spanSets[0]?.spans[0]?.attributes).toContainEqual({ key: 'qos', value: { intValue: '1' } })
})

test('rates are counted by the start of spans', async () => {
  const grafana = grafanaOf(serverOf(ten()))
  const series = await grafana.overTime(
    '{ kind = server } | rate() by(span.messaging.client.id)',
    seconds,
    seconds + 20,
    '10s',
  )
  const car1 = series.find(({ labels }) => labels[0]?.value['stringValue'] === 'car-1')
  expect(car1?.labels[0]?.key).toBe('span.messaging.client.id')
  expect(car1?.samples.slice(0, 2)).toEqual([
    { timestampMs: `${seconds * 1000}`, value: 0.3 },
    { timestampMs: `${(seconds + 10) * 1000}`, value: 0.1 },
  ])
  const top = await grafana.overTime('{} | count_over_time() by(name) | topk(1)', seconds, seconds + 20, '20s')
  expect(top).toHaveLength(1)
})

test('quantiles and histograms are of seconds', async () => {
  const grafana = grafanaOf(serverOf(ten()))
  const [median] = await grafana.instant(
    '{ kind = consumer } | quantile_over_time(duration, .5)',
    seconds,
    seconds + 20,
  )
  expect(median?.labels).toEqual([{ key: 'p', value: { doubleValue: 0.5 } }])
  expect(median?.value).toBeCloseTo(0.02, 3)
  const buckets = await grafana.overTime('{} | histogram_over_time(duration)', seconds, seconds + 20, '20s')
  expect(buckets.map(({ labels }) => labels[0]?.value['doubleValue'])).toEqual([0.0078125, 0.03125])
  const [total] = await grafana.instant('{} | count_over_time()', seconds, seconds + 20)
  expect(total).toEqual({
    labels: [{ key: '__name__', value: { stringValue: 'count_over_time' } }],
    value: 20,
    promLabels: '',
  })
})

test('what there was no time to count is left out, and the answer says back to when it counts', async () => {
  const time = new AbortController()
  class SlowStore extends MemoryStore {
    override async *search(request: SearchRequest, signal: AbortSignal) {
      for await (const step of super.search(request, signal)) {
        if (step.progress.done > 2) time.abort(new DOMException('late', 'TimeoutError'))
        signal.throwIfAborted()
        yield step
      }
    }
  }
  const server = serverOf(new SlowStore(ten().all()))
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(time.signal)
  const parameters = new URLSearchParams({
    q: '{} | count_over_time()',
    start: `${seconds}`,
    end: `${seconds + 11}`,
    step: '1s',
  })
  const { body } = await server.get(`/api/metrics/query_range?${parameters}`, { accept: 'application/json' })
  vi.restoreAllMocks()
  const answer = JSON.parse(`${body}`)
  expect([answer.status, answer.message]).toEqual(['PARTIAL', expect.stringContaining('2023-11-14T22:13:27.000Z')])
  const values = answer.series[0].samples.map(({ timestampMs, value }: { timestampMs: string; value: number }) => [
    Number(timestampMs) / 1000 - seconds,
    value,
  ])
  expect(values).toEqual([
    [7, 2],
    [8, 2],
    [9, 2],
    [10, 2],
    [11, 0],
  ])
})

test('what differs between failed spans and the others is compared attribute by attribute', async () => {
  const grafana = grafanaOf(serverOf(ten()))
  const series = await grafana.overTime(
    '{ kind = consumer } | compare({ status = error }, 1)',
    seconds,
    seconds + 20,
    '20s',
  )
  const written = series.map(({ labels, samples }) => [
    ...labels.map(({ value }) => value['stringValue']),
    samples[0]?.value,
  ])
  expect(written).toContainEqual(['selection', 'offline', 1])
  expect(written).toContainEqual(['baseline', 'app', 9])
  expect(written).toContainEqual(['baseline_total', 'nil', 9])
  const names = series.map(({ labels }) => labels.map(({ key }) => key).join())
  expect(names).toEqual(expect.arrayContaining(['__meta_type,statusMessage', '__meta_type,resource.service.name']))
  const publishers = await grafana.overTime(
    '{ kind = server } | compare({ status = error }, 2)',
    seconds,
    seconds + 20,
    '20s',
  )
  const total = publishers.find(
    ({ labels }) => labels.at(-1)?.key === 'span.messaging.client.id' && labels.length === 3,
  )
  expect(total?.labels[1]).toEqual({ key: '__meta_error', value: { stringValue: '__too_many_values__' } })
})

test('readiness, metrics and what there is not', async () => {
  const server = serverOf(new MemoryStore(), false)
  expect(await server.get('/ready', {})).toMatchObject({ status: 503 })
  expect(await server.get('/metrics', {})).toMatchObject({ status: 200 })
  expect(await server.get('/api/mcp', {})).toMatchObject({ status: 404, contentType: 'text/plain; charset=utf-8' })
})
