import { expect, test } from 'vitest'
import { type Environment, exportPlan } from './export-plan.ts'

const here = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }

test.each<[env: Environment, traces: string | undefined, metrics: string | undefined]>([
  [{}, undefined, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined, undefined],
  [here, 'http/protobuf', 'http/protobuf'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://a/v1/traces' }, 'http/protobuf', undefined],
  [{ ...here, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'grpc', 'grpc'],
  [{ ...here, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc' }, 'grpc', 'http/protobuf'],
  [{ ...here, OTEL_METRICS_EXPORTER: 'none' }, 'http/protobuf', undefined],
  [{ ...here, OTEL_METRICS_EXPORTER: 'prometheus' }, 'http/protobuf', undefined],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http/protobuf', undefined],
  [{ ...here, OTEL_SDK_DISABLED: 'TRUE' }, undefined, undefined],
])('%j exports traces by %s and metrics by %s', (env, traces, metrics) => {
  expect(exportPlan(env)).toMatchObject({ traces, metrics, problems: [] })
})

test.each([
  [{}, 1, true],
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, 0, false],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' }, 0.25, false],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' }, 0.5, true],
])('%j samples %d', (env, ratio, parentBased) => {
  expect(exportPlan(env)).toMatchObject({ sampler: { ratio, parentBased }, problems: [] })
})

test('queues have the sizes that are given, and a request is never larger than the queue', () => {
  const env = { OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BSP_SCHEDULE_DELAY: '10', OTEL_METRIC_EXPORT_INTERVAL: '1000' }
  expect(exportPlan(env)).toMatchObject({ batch: { queueMax: 100, sizeMax: 100, delayMs: 10 }, metricsEveryMs: 1_000 })
})

test('attributes of the resource are percent-encoded', () => {
  expect(exportPlan({ OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod, a=b%2Cc=d' }).attributes).toEqual({
    'deployment.environment.name': 'prod',
    a: 'b,c=d',
  })
})

test.each([
  [{ ...here, OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER names zipkin'],
  [{ ...here, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, 'OTEL_EXPORTER_OTLP_PROTOCOL is http/json'],
  [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, 'OTEL_TRACES_SAMPLER is jaeger_remote'],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: 'half' }, 'OTEL_TRACES_SAMPLER_ARG is no number'],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '-1' }, 'OTEL_BSP_MAX_QUEUE_SIZE is "-1"'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'a' }, 'OTEL_RESOURCE_ATTRIBUTES is not key=value'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'a=%zz' }, 'OTEL_RESOURCE_ATTRIBUTES is not key=value'],
])('%j is told of, and what is usual is done', (env, problem) => {
  const plan = exportPlan(env)
  expect(plan.problems.join()).toContain(problem)
  expect(plan.sampler.ratio).toBe(1)
})
