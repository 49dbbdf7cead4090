import type { Clock, Logger } from '@tern/runtime'
import type { Identity } from '../identity.ts'
import type { Metrics } from '../metrics.ts'
import { noTracer, type Tracer } from '../tracer.ts'
import { type Environment, exportPlan } from './export-plan.ts'

/** What leaves a process for a collector. */
export type Exporting = Readonly<{
  tracerOf(identity: Identity): Tracer
  /** From now on these leave, too. */
  send(identity: Identity, metrics: readonly Metrics[]): void
  /** What it counts of itself; none while nothing is exported. */
  metrics: readonly Metrics[]
  /** What waits is sent, for a moment. */
  stop(): Promise<void>
}>

const nothing: Exporting = { tracerOf: () => noTracer, send() {}, metrics: [], async stop() {} }

export type ExportingPorts = Readonly<{ env: Environment; clock: Clock; logger: Logger }>

/** The SDK of OpenTelemetry is loaded only where the standard variables name a collector: it takes a tenth of a second and 30 MB. */
export async function openTelemetry(ports: ExportingPorts): Promise<Exporting> {
  const plan = exportPlan(ports.env)
  if (plan.traces === undefined && plan.metrics === undefined) return nothing
  for (const problem of plan.problems) ports.logger.warn(problem)
  const { startExporting } = await import('./otel/exporting.ts')
  return startExporting(plan, ports)
}
