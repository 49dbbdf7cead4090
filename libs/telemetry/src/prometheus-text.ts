import { type MetricSpec, prometheusName } from './metric-spec.ts'
import { type Family, type Sample, samplesOf } from './metrics.ts'

/** The two text formats that Prometheus reads; the second one is also what OpenMetrics calls itself. */
export type TextFormat = 'prometheus' | 'openmetrics'

export const contentTypes: Readonly<Record<TextFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** `common`: labels that every line gets; `target`: what the process is, told once as `target_info`. */
export function prometheusText(
  families: readonly Family[],
  format: TextFormat,
  common: Readonly<Record<string, string>> = {},
  target: Readonly<Record<string, string>> = {},
): string {
  const lines: string[] = []
  for (const family of families) {
    lines.push(...heading(family.name, family.spec, format))
    for (const sample of samplesOf(family)) lines.push(line(sample, format, common))
  }
  if (Object.keys(target).length > 0) {
    const [family, kind] = format === 'openmetrics' ? ['target', 'info'] : ['target_info', 'gauge']
    lines.push(`# HELP ${family} What the process is.`, `# TYPE ${family} ${kind}`)
    lines.push(line({ name: 'target_info', labels: target, value: 1 }, format, common))
  }
  if (format === 'openmetrics') lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

function heading(name: string, spec: MetricSpec, format: TextFormat): string[] {
  const full = prometheusName(name, spec)
  const family = format === 'openmetrics' && spec.kind === 'counter' ? full.slice(0, -'_total'.length) : full
  const help = spec.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return [`# HELP ${family} ${help}`, `# TYPE ${family} ${spec.kind}`]
}

function line({ name, labels, value }: Sample, format: TextFormat, common: Readonly<Record<string, string>>): string {
  const pairs = Object.entries({ ...labels, ...common }).map(([label, text]) => {
    const whole = format === 'openmetrics' && label === 'le' && /^\d+$/.test(text)
    return `${label.replaceAll(/[^a-zA-Z0-9_]/g, '_')}="${escaped(whole ? `${text}.0` : text)}"`
  })
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`
}

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}
