import { type MetricSpecs, metricsTable } from '@tern/telemetry'

const head = `# Metrics

Each process says at \`/metrics\` what it counts, as Prometheus text or OpenMetrics (\`Accept: application/openmetrics-text\`), at \`/health\` that it
runs, and at \`/ready\` whether it serves (503 and which part does not, until then). Where: \`--metrics\`, \`TERN_METRICS\`; in \`npm start\` each zone is one
process with the numbers of three services, and \`.tern/metrics-targets.json\` has the addresses, as Prometheus reads them. Every line has the label \`zone\`; \`target_info\` says what
the process is. No label holds a topic, a client or an address: there are never more lines than queues and reasons need.

Where a collector is named (docs/telemetry.md) the same numbers leave by OTLP as well, with dots in their names and without unit and \`_total\`.

Printed by \`npx node tools/metrics-table.ts\` from the services' \`src/metrics.ts\`.
`

/** docs/metrics.md as the services have it. */
export const metricsPage = (services: Readonly<Record<string, MetricSpecs>>): string =>
  [head, ...Object.entries(services).map(([name, specs]) => `## ${title(name)}\n\n${metricsTable(specs)}\n`)].join('\n')

const title = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)
