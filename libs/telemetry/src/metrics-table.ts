import { type MetricSpecs, prometheusName } from './metric-spec.ts'

/** What a service counts, as a table for people. */
export function metricsTable(specs: MetricSpecs): string {
  const rows = Object.entries(specs).map(([name, spec]) => {
    const labels = (spec.labels ?? []).map((label) => `\`${label.replaceAll('.', '_')}\``).join(', ')
    return `| \`${prometheusName(name, spec)}\` | ${spec.kind} | ${spec.unit.replaceAll('|', '\\|')} | ${labels} | ${spec.help.replaceAll('|', '\\|')} |`
  })
  return ['| Prometheus | kind | unit | labels | what it says |', '|---|---|---|---|---|', ...rows].join('\n')
}
