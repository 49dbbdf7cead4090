import { type Block, entryKind, isFailure, type LedgerEntry } from '@tern/record'
import type { TraceIds } from '@tern/telemetry'
import type { SpanMetrics } from './span-metrics.ts'

const { published, publishRefused, pending, waiting, interrupted } = entryKind
const clients = 'mqtt-client'
const proxy = 'tern-proxy'
const broker = 'tern-broker'

/** Counts what a block tells as the spans and edges that will be rendered from it, without rendering them. */
export function countBlock(metrics: SpanMetrics, { head, entries }: Block, traceIds: TraceIds, nowMs: number): void {
  for (const entry of entries()) {
    const traceId = entry.context?.traceId ?? traceIds.traceIdOf(head.queue, Math.max(0, entry.position))
    if (entry.kind === published || entry.kind === publishRefused) countPublish(metrics, entry, traceId, nowMs)
    // The rest is no end of a delivery: another entry will tell of that.
    else if (entry.kind !== pending && entry.kind !== waiting && entry.kind !== interrupted) {
      countDelivery(metrics, entry, traceId, nowMs)
    }
  }
}

function countPublish(metrics: SpanMetrics, entry: LedgerEntry, traceId: string, nowMs: number): void {
  const { startUs, middleUs, endUs } = entry
  const failed = entry.kind === publishRefused
  const seconds = (endUs - startUs) / 1e6
  const status = failed ? 'ERROR' : 'UNSET'
  metrics.countSpan({ service: proxy, name: 'publish', kind: 'SERVER', status, seconds, traceId }, nowMs)
  const fromClient = { client: clients, server: proxy, connectionType: 'virtual_node', failed } as const
  metrics.countEdge({ ...fromClient, serverSeconds: seconds, clientSeconds: seconds, traceId }, nowMs)
  if (failed) return
  const appended = (middleUs - startUs) / 1e6
  metrics.countSpan({ service: broker, name: 'append', kind: 'SERVER', status, seconds: appended, traceId }, nowMs)
  const forward = { client: proxy, server: broker, connectionType: 'messaging_system', failed } as const
  metrics.countEdge({ ...forward, serverSeconds: appended, clientSeconds: appended, traceId }, nowMs)
}

function countDelivery(metrics: SpanMetrics, entry: LedgerEntry, traceId: string, nowMs: number): void {
  const failed = isFailure(entry.kind)
  const seconds = (entry.endUs - entry.startUs) / 1e6
  const status = failed ? 'ERROR' : 'UNSET'
  metrics.countSpan({ service: proxy, name: 'deliver', kind: 'CONSUMER', status, seconds, traceId }, nowMs)
  const edge = { client: broker, server: proxy, connectionType: 'messaging_system', failed } as const
  metrics.countEdge({ ...edge, serverSeconds: seconds, clientSeconds: undefined, traceId }, nowMs)
}
