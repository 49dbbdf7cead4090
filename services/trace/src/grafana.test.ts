import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { exposition } from './core/span-metrics/exposition.ts'
import { SpanMetrics } from './core/span-metrics/span-metrics.ts'
import { parseQuery } from './core/traceql/parse.ts'
import { dashboards, dataSourceUids, grafanaFile, promQueries, traceQueries } from './testing/dashboards.ts'

test('each query of a dashboard is one that the trace service answers', () => {
  expect(traceQueries.length).toBeGreaterThan(2)
  for (const query of traceQueries) expect(parseQuery(query).stages.length).toBeGreaterThan(0)
})

test('each number that a dashboard shows is one that a process tells', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8')
  const own = exposition(new SpanMetrics(), 'text')
  const told = new Set([...page.matchAll(/`([a-z0-9_]+)`/g), ...own.matchAll(/# TYPE (\w+)/g)].map(([, name]) => name))
  const used = promQueries.flatMap((query) => query.match(/\b(tern|traces|process|nodejs)_[a-z_]+\b/g) ?? [])
  expect(used.length).toBeGreaterThan(20)
  expect(used.filter((name) => !told.has(name) && !told.has(name.replace(/_(bucket|sum|count)$/, '')))).toEqual([])
})

test('panels have numbers and places of their own, and ask data sources that are provisioned', () => {
  const { datasources } = parse(grafanaFile('provisioning/datasources/tern.yaml'))
  const uids = datasources.map(({ uid }: { uid: string }) => uid)
  expect(dataSourceUids.filter((uid) => !uids.includes(uid))).toEqual([])
  for (const { panels } of dashboards) expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
})

test('the data source of traces is as Grafana wants it', () => {
  const [traces, metrics] = parse(grafanaFile('provisioning/datasources/tern.yaml')).datasources
  expect(traces).toMatchObject({
    type: 'tempo',
    jsonData: { streamingEnabled: { search: true }, nodeGraph: { enabled: true } },
  })
  expect(traces.jsonData.serviceMap.datasourceUid).toBe(metrics.uid)
  expect(metrics.jsonData.exemplarTraceIdDestinations).toEqual([{ name: 'trace_id', datasourceUid: traces.uid }])
  // The Search tab writes each of them into a query of ours.
  for (const { tag, scope, operator } of traces.jsonData.search.filters) {
    const name = scope === 'intrinsic' ? tag : `${scope}.${tag}`
    expect(() => parseQuery(`{${name}${operator}${tag === 'status' ? 'error' : '"x"'}}`)).not.toThrow()
  }
})
