export type Environment = Readonly<Record<string, string | undefined>>
export type Protocol = 'http/protobuf' | 'grpc'

/** What leaves for a collector, as the standard variables of OpenTelemetry say. Where to is read by the exporters themselves. */
export type ExportPlan = Readonly<{
  traces: Protocol | undefined
  metrics: Protocol | undefined
  sampler: Readonly<{ ratio: number; parentBased: boolean }>
  /** Spans that wait, spans of one request, and how long either may take. */
  batch: Readonly<{ queueMax: number; sizeMax: number; delayMs: number; timeoutMs: number }>
  metricsEveryMs: number
  serviceName: string | undefined
  attributes: Readonly<Record<string, string>>
  /** What was said and cannot be done, for the log. */
  problems: readonly string[]
}>

/** Nothing leaves unless an endpoint or an exporter is named. */
export function exportPlan(env: Environment): ExportPlan {
  const problems: string[] = []
  const isOff = env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true'
  const signal = (name: 'TRACES' | 'METRICS') => (isOff ? undefined : protocolOf(env, name, problems))
  const number = (name: string, unlessTold: number) => numberOf(env, name, unlessTold, problems)
  const queueMax = number('OTEL_BSP_MAX_QUEUE_SIZE', 2_048)
  return {
    traces: signal('TRACES'),
    metrics: signal('METRICS'),
    sampler: samplerOf(env, problems),
    batch: {
      queueMax,
      sizeMax: Math.min(queueMax, number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512)),
      delayMs: number('OTEL_BSP_SCHEDULE_DELAY', 5_000),
      timeoutMs: number('OTEL_BSP_EXPORT_TIMEOUT', 30_000),
    },
    metricsEveryMs: number('OTEL_METRIC_EXPORT_INTERVAL', 60_000),
    serviceName: given(env, 'OTEL_SERVICE_NAME'),
    attributes: attributesOf(env, problems),
    problems,
  }
}

/** A variable that is empty counts as not set. */
const given = (env: Environment, name: string) => env[name]?.trim() || undefined

function protocolOf(env: Environment, signal: 'TRACES' | 'METRICS', problems: string[]): Protocol | undefined {
  const exporter = given(env, `OTEL_${signal}_EXPORTER`)
  const endpoint = given(env, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) ?? given(env, 'OTEL_EXPORTER_OTLP_ENDPOINT')
  const names = exporter?.split(',').map((name) => name.trim())
  const unknown = names?.filter((name) => !['otlp', 'none', 'prometheus'].includes(name)) ?? []
  for (const name of unknown)
    problems.push(`OTEL_${signal}_EXPORTER names ${name}, which is not there; give otlp or none`)
  if (names === undefined ? endpoint === undefined : !names.includes('otlp')) return undefined
  const protocol = given(env, `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`) ?? given(env, 'OTEL_EXPORTER_OTLP_PROTOCOL')
  if (protocol === 'grpc') return protocol
  if (protocol !== undefined && protocol !== 'http/protobuf')
    problems.push(`OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}, which is not there; http/protobuf is used`)
  return 'http/protobuf'
}

function numberOf(env: Environment, name: string, unlessTold: number, problems: string[]): number {
  const text = given(env, name)
  if (text === undefined) return unlessTold
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  problems.push(`${name} is "${text}"; give a whole number from 1; ${unlessTold} is used`)
  return unlessTold
}

function samplerOf(env: Environment, problems: string[]): ExportPlan['sampler'] {
  const name = given(env, 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on'
  const [, parent, kind] = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(name) ?? []
  const parentBased = parent !== undefined
  if (kind === 'always_off') return { ratio: 0, parentBased }
  if (kind === 'traceidratio') {
    const ratio = Number(given(env, 'OTEL_TRACES_SAMPLER_ARG') ?? 1)
    if (ratio >= 0 && ratio <= 1) return { ratio, parentBased }
    problems.push('OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1; all is sampled')
  } else if (kind === undefined) problems.push(`OTEL_TRACES_SAMPLER is ${name}, which is not there; all is sampled`)
  return { ratio: 1, parentBased: kind === undefined || parentBased }
}

/** key=value, several with commas, percent-encoded. */
function attributesOf(env: Environment, problems: string[]): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const pair of given(env, 'OTEL_RESOURCE_ATTRIBUTES')?.split(',') ?? []) {
    const [, key, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? []
    try {
      if (key === undefined || value === undefined) throw new URIError('no key=value')
      attributes[decodeURIComponent(key)] = decodeURIComponent(value)
    } catch {
      problems.push('OTEL_RESOURCE_ATTRIBUTES is not key=value with commas; it is left out')
      return {}
    }
  }
  return attributes
}
