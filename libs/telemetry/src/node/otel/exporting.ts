import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { type Identity, identityAttributes } from '../../identity.ts'
import { ExportCounters, exportMetrics } from '../export-metrics.ts'
import type { ExportPlan } from '../export-plan.ts'
import type { Exporting, ExportingPorts } from '../open-telemetry.ts'
import { countingMeters, reporting } from './export-report.ts'
import { metricExporterOf, traceExporterOf } from './exporters.ts'
import { metricProducer } from './metric-producer.ts'
import { tracerFrom } from './sdk-tracer.ts'

/** A collector that does not answer must not hold up the end of a process. */
const stopWithinMs = 1_000

/** One exporter and one queue for each signal of the process, whatever services run in it; each of these is a resource of its own. */
export async function startExporting(plan: ExportPlan, { clock, logger }: ExportingPorts): Promise<Exporting> {
  const counters = new ExportCounters()
  const ends: (() => Promise<unknown>)[] = []
  const resourceOf = (identity: Identity) =>
    resourceFromAttributes({
      ...plan.attributes,
      ...identityAttributes(identity),
      ...(plan.serviceName !== undefined && { 'service.name': plan.serviceName }),
    })
  const processor = plan.traces && (await processorOf(plan, plan.traces, counters, logger))
  if (processor) ends.push(() => processor.shutdown())
  const metricExporter = plan.metrics && reporting(await metricExporterOf(plan.metrics), counters, 'metrics', logger)
  return {
    metrics: [exportMetrics(counters)],
    tracerOf(identity) {
      const resource = resourceOf(identity)
      const provider = new TracerProvider({
        resource,
        sampler: samplerOf(plan),
        spanProcessors: processor ? [processor] : [],
      })
      return tracerFrom(provider.getTracer('tern'))
    },
    send(identity, metrics) {
      if (metricExporter === undefined) return
      const reader = new PeriodicExportingMetricReader({
        exporter: metricExporter,
        exportIntervalMillis: plan.metricsEveryMs,
        exportTimeoutMillis: Math.min(plan.metricsEveryMs, plan.batch.timeoutMs),
        metricProducers: [metricProducer(metrics, clock)],
      })
      const provider = new MeterProvider({ resource: resourceOf(identity), readers: [reader] })
      ends.push(() => provider.shutdown())
    },
    async stop() {
      const late = new Promise<void>((resolve) => void clock.after(stopWithinMs, resolve))
      await Promise.race([Promise.allSettled(ends.map((end) => end())), late])
    },
  }
}

async function processorOf(
  { batch }: ExportPlan,
  protocol: NonNullable<ExportPlan['traces']>,
  counters: ExportCounters,
  logger: ExportingPorts['logger'],
): Promise<BatchSpanProcessor> {
  return new BatchSpanProcessor({
    exporter: reporting(await traceExporterOf(protocol), counters, 'spans', logger),
    maxQueueSize: batch.queueMax,
    maxExportBatchSize: batch.sizeMax,
    scheduledDelayMillis: batch.delayMs,
    exportTimeoutMillis: batch.timeoutMs,
    selfObsMeterProvider: countingMeters(counters),
  })
}

function samplerOf({ sampler: { ratio, parentBased } }: ExportPlan): Sampler {
  const root = ratio === 1 ? new AlwaysOnSampler() : new TraceIdRatioBasedSampler(ratio)
  return parentBased ? new ParentBasedSampler({ root }) : root
}
