import { expect, test } from 'vitest'
import { planRegion } from './plan.ts'
import { ownCollector } from './programs.ts'

test('zones send their spans to the region’s own trace service, unless somebody says otherwise', async () => {
  const plan = await planRegion('/nowhere', 0)
  expect(ownCollector(plan, {})['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']).toBe(`http://${plan.trace.otlpHttp}/v1/traces`)
  expect(ownCollector(plan, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' })).toEqual({})
  expect(ownCollector(plan, { OTEL_SDK_DISABLED: 'true' })).toEqual({})
})
