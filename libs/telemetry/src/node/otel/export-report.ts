import { createNoopMeter, type MeterProvider } from '@opentelemetry/api'
import { type Logger, Outage } from '@tern/runtime'
import type { ExportCounters, Signal } from '../export-metrics.ts'

/** Where the SDK's queue of spans says how many it had no room for. */
export const countingMeters = ({ spans }: ExportCounters): MeterProvider => ({
  getMeter() {
    const meter = createNoopMeter()
    meter.createCounter = () => ({
      add(count, attributes) {
        if (attributes?.['error.type'] === 'queue_full') spans.dropped += count
      },
    })
    return meter
  },
})

/** As far as an exporter of either signal is looked at here. */
type Exporter = { export(items: never, done: (result: { code: number; error?: Error }) => void): void }

const success = 0

/** Counts what the exporter does, and tells an operator once that the collector does not take it. */
export function reporting<E extends Exporter>(
  exporter: E,
  counters: ExportCounters,
  signal: Signal,
  logger: Logger,
): E {
  const outage = new Outage(
    logger,
    `the collector takes no ${signal}; what has no room meanwhile is dropped, and nothing waits for it`,
    `the collector takes ${signal} again`,
  )
  const send = exporter.export.bind(exporter)
  exporter.export = (items, done) =>
    send(items, (result) => {
      const isSent = result.code === success
      counters.requests[signal][isSent ? 'ok' : 'failed']++
      if (signal === 'spans') counters.spans[isSent ? 'exported' : 'failed'] += (items as unknown[]).length
      if (isSent) outage.worked()
      else outage.failed(result.error?.message ?? 'it said no more')
      done(result)
    })
  return exporter
}
