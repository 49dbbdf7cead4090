import { type Block, entryKind, isFailure } from '@tern/record'
import type { TraceIds } from '@tern/telemetry'
import { Durations } from './durations.ts'
import type { Exemplars, SpanMetrics } from './span-metrics.ts'

const { published, publishRefused, pending, waiting, interrupted } = entryKind
const clients = 'mqtt-client'
const proxy = 'tern-proxy'
const broker = 'tern-broker'

const publish = { service: proxy, name: 'publish', kind: 'SERVER' } as const
const append = { service: broker, name: 'append', kind: 'SERVER' } as const
const deliver = { service: proxy, name: 'deliver', kind: 'CONSUMER' } as const
const fromClients = { client: clients, server: proxy, connectionType: 'virtual_node' } as const
const forward = { client: proxy, server: broker, connectionType: 'messaging_system' } as const
const toProxies = { client: broker, server: proxy, connectionType: 'messaging_system' } as const

/**
 * Counts what blocks tell as the spans and edges that will be rendered from them, without rendering them. All messages come by here:
 * a block is gone through as numbers, and only then is anything looked up by its name.
 */
export class LedgerCounting {
  private readonly metrics: SpanMetrics
  private readonly traceIds: TraceIds
  private readonly published = new Durations()
  private readonly publishRefused = new Durations()
  private readonly appended = new Durations()
  private readonly delivered = new Durations()
  private readonly deliveryFailed = new Durations()

  constructor(metrics: SpanMetrics, traceIds: TraceIds) {
    this.metrics = metrics
    this.traceIds = traceIds
  }

  /** Goes through all entries, so that the block is known to be whole; throws RangeError, and counts nothing, when it is not. */
  count(block: Block, nowMs: number): void {
    this.goThrough(block)
    const { published, publishRefused, appended, delivered, deliveryFailed, metrics } = this
    const exemplars: Exemplars = {
      atMs: nowMs,
      traceIdOf: ({ position, context }) =>
        context?.traceId ?? this.traceIds.traceIdOf(block.head.queue, Math.max(0, position)),
    }
    metrics.countSpans({ ...publish, status: 'UNSET' }, published, exemplars)
    metrics.countSpans({ ...publish, status: 'ERROR' }, publishRefused, exemplars)
    metrics.countSpans({ ...append, status: 'UNSET' }, appended, exemplars)
    metrics.countSpans({ ...deliver, status: 'UNSET' }, delivered, exemplars)
    metrics.countSpans({ ...deliver, status: 'ERROR' }, deliveryFailed, exemplars)
    metrics.countEdges({ ...fromClients, failed: false, isClientTimed: true }, published, exemplars)
    metrics.countEdges({ ...fromClients, failed: true, isClientTimed: true }, publishRefused, exemplars)
    metrics.countEdges({ ...forward, failed: false, isClientTimed: true }, appended, exemplars)
    metrics.countEdges({ ...toProxies, failed: false, isClientTimed: false }, delivered, exemplars)
    metrics.countEdges({ ...toProxies, failed: true, isClientTimed: false }, deliveryFailed, exemplars)
  }

  private goThrough(block: Block): void {
    const { appended, delivered, deliveryFailed } = this
    for (const each of [this.published, this.publishRefused, appended, delivered, deliveryFailed]) each.clear()
    const entry = block.cursor()
    while (entry.next()) {
      const { kind, startUs, middleUs, endUs } = entry
      if (kind === published) {
        this.published.add(endUs - startUs, entry)
        appended.add(middleUs - startUs, entry)
      } else if (kind === publishRefused) this.publishRefused.add(endUs - startUs, entry)
      // The rest is no end of a delivery: another entry will tell of that.
      else if (kind !== pending && kind !== waiting && kind !== interrupted) {
        const ended = isFailure(kind) ? deliveryFailed : delivered
        ended.add(endUs - startUs, entry)
      }
    }
  }
}
