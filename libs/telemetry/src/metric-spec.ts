/** What a number is, said once, next to its name: names are OpenTelemetry's where it has one, else they begin with "tern.". */
export type MetricSpec = Readonly<{
  kind: 'counter' | 'gauge' | 'histogram'
  /** As UCUM writes it: s, By, 1, or what is counted in braces. */
  unit: string
  help: string
  /** Only what has few values: never a topic, a client or an address. */
  labels?: readonly string[]
}>

/** All numbers of a service, by name. */
export type MetricSpecs = Readonly<Record<string, MetricSpec>>

const suffixes: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes', '1': '_ratio' }

/** As Prometheus names it: with its unit, and `_total` where it only grows. What a collector makes of our OTLP has the same name. */
export function prometheusName(name: string, { kind, unit }: MetricSpec): string {
  const suffix = suffixes[unit] ?? ''
  const plain = name.replaceAll(/[^a-zA-Z0-9_:]/g, '_')
  const named = plain.endsWith(suffix) ? plain : plain + suffix
  return kind === 'counter' ? `${named}_total` : named
}
