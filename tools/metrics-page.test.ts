import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MetricSpecs, prometheusName } from '@tern/telemetry'
import { expect, test } from 'vitest'
import { metricsPage } from './metrics-page.ts'
import { metricsOfServices } from './services.ts'

const all = Object.values(metricsOfServices).flatMap((specs: MetricSpecs) => Object.entries(specs))

test('docs/metrics.md says what the services count (mend it with npx node tools/metrics-table.ts)', () => {
  expect(readFileSync(join(import.meta.dirname, '../docs/metrics.md'), 'utf8')).toBe(metricsPage(metricsOfServices))
})

test('no two numbers have one name', () => {
  const names = all.map(([name, spec]) => prometheusName(name, spec))
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
})

test('X13: labels are of few kinds, none of which a client can choose', () => {
  const labels = new Set(all.flatMap(([, { labels = [] }]) => labels))
  expect([...labels].sort()).toEqual([
    'cause',
    'cpu_mode',
    'kind',
    'outcome',
    'percentile',
    'qos',
    'queue',
    'reason',
    'rpc.method',
    'rpc.response.status_code',
    'signal',
    'state',
    'topic',
    'what',
  ])
})

test('what is said of a number is a sentence', () => {
  expect(all.filter(([, { help }]) => !/^[A-Z].*\.$/.test(help))).toEqual([])
})
