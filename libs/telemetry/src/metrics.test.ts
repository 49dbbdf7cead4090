import { expect, test } from 'vitest'
import { Histogram } from './histogram.ts'
import type { MetricSpecs } from './metric-spec.ts'
import { createMetrics, pointsFrom, seriesMax } from './metrics.ts'
import { prometheusText } from './prometheus-text.ts'

const specs = {
  'tern.test.connections': { kind: 'gauge', unit: '{connection}', help: 'Connections\nnow.' },
  'tern.test.published': { kind: 'counter', unit: 'By', help: 'Payload.', labels: ['qos'] },
  'tern.test.delay': { kind: 'histogram', unit: 's', help: 'How long.' },
} as const satisfies MetricSpecs

function setUp() {
  const delay = new Histogram([0.01, 1])
  const published = [5, 7]
  const metrics = createMetrics('test', specs, {
    'tern.test.connections': () => 3,
    'tern.test.published': () => pointsFrom(published.entries()),
    'tern.test.delay': () => delay,
  })
  return { metrics, delay, published }
}

test('numbers are read when they are asked for, histograms as cumulative buckets', () => {
  const { metrics, delay, published } = setUp()
  delay.record(0.01)
  delay.record(0.5, 2)
  delay.record(3)
  published[1] = 8
  expect(metrics.snapshot()).toEqual([
    { name: 'tern_test_connections', labels: {}, value: 3 },
    { name: 'tern_test_published_bytes_total', labels: { qos: '0' }, value: 5 },
    { name: 'tern_test_published_bytes_total', labels: { qos: '1' }, value: 8 },
    { name: 'tern_test_delay_seconds_bucket', labels: { le: '0.01' }, value: 1 },
    { name: 'tern_test_delay_seconds_bucket', labels: { le: '1' }, value: 3 },
    { name: 'tern_test_delay_seconds_bucket', labels: { le: '+Inf' }, value: 4 },
    { name: 'tern_test_delay_seconds_sum', labels: {}, value: 4.01 },
    { name: 'tern_test_delay_seconds_count', labels: {}, value: 4 },
  ])
})

test('a number that cannot be read, or whose part is not there, is left out; the others stay', () => {
  const metrics = createMetrics('test', specs, {
    'tern.test.connections': () => {
      throw new Error('not there')
    },
    'tern.test.published': () => [[['1'], 2]],
    'tern.test.delay': () => undefined,
  })
  expect(metrics.snapshot()).toEqual([{ name: 'tern_test_published_bytes_total', labels: { qos: '1' }, value: 2 }])
})

test('X13: a label that has too many values does not grow what is scraped for ever', () => {
  const many = Array.from({ length: seriesMax + 5 }, (_, i) => [[`client-${i}`], i] as const)
  const metrics = createMetrics('test', specs, {
    'tern.test.connections': () => undefined,
    'tern.test.published': () => many,
    'tern.test.delay': () => undefined,
  })
  expect(metrics.snapshot()).toHaveLength(seriesMax)
})

test('the text of Prometheus: each family with its kind, units in its name, and labels that cannot forge a line', () => {
  const metrics = createMetrics('test', specs, {
    'tern.test.connections': () => Number.POSITIVE_INFINITY,
    'tern.test.published': () => [[['a"} 1\nforged 2\\'], 4]],
    'tern.test.delay': () => undefined,
  })
  expect(prometheusText(metrics.collect(), 'prometheus', { zone: 'az-a' }, { 'service.name': 'tern-test' })).toBe(
    `# HELP tern_test_connections Connections\\nnow.
# TYPE tern_test_connections gauge
tern_test_connections{zone="az-a"} +Inf
# HELP tern_test_published_bytes_total Payload.
# TYPE tern_test_published_bytes_total counter
tern_test_published_bytes_total{qos="a\\"} 1\\nforged 2\\\\",zone="az-a"} 4
# HELP target_info What the process is.
# TYPE target_info gauge
target_info{service_name="tern-test",zone="az-a"} 1
`,
  )
})

test('OpenMetrics: counters lose their suffix in the heading, bounds are decimal, and the end is marked', () => {
  const { metrics, delay } = setUp()
  delay.record(0.5)
  const text = prometheusText(metrics.collect(), 'openmetrics')
  expect(text).toContain('# TYPE tern_test_published_bytes counter\n')
  expect(text).toContain('tern_test_published_bytes_total{qos="0"} 5\n')
  expect(text).toContain('tern_test_delay_seconds_bucket{le="1.0"} 1\n')
  expect(text.endsWith('# EOF\n')).toBe(true)
})
