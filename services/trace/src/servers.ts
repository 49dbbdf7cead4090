import type { Logger } from '@tern/runtime'
import { startOtlpGrpc } from './adapters/otlp/grpc.ts'
import { startOtlpHttp } from './adapters/otlp/http.ts'
import type { ReceivingPorts } from './adapters/otlp/receive.ts'
import { startTempo } from './adapters/tempo/serve.ts'
import type { TraceConfig } from './config.ts'
import { Pairing } from './core/span-metrics/pairing.ts'
import type { SpanMetrics } from './core/span-metrics/span-metrics.ts'
import { viewOf } from './core/spans/trace-view.ts'
import type { SpanSink, TraceSpans, TraceStore } from './ports.ts'

type Stoppable = Readonly<{ stop(): void }>

export type Serving = Readonly<{
  store: TraceStore
  sink: SpanSink
  /** Of what proxies tell; spans of others are counted here. */
  spanMetrics: SpanMetrics
  isReady: () => boolean
  now: () => number
  logger: Logger
}>

/** Where Grafana asks, and where others send spans. Rejects, with nothing left open, when an address cannot be had. */
export async function startServers(
  { tempo, otlpGrpc, otlpHttp }: TraceConfig,
  { store, sink, spanMetrics, isReady, now, logger }: Serving,
): Promise<Stoppable> {
  const fault = (error: unknown, path: string) => logger.error('a question failed', { path, error: String(error) })
  const pairing = new Pairing(spanMetrics)
  const taken = (traces: readonly TraceSpans[]) => {
    for (const view of traces.flatMap((trace) => viewOf(trace)?.spans ?? [])) pairing.observe(view, now())
  }
  const receiving: ReceivingPorts = { sink, taken }
  const open: Stoppable[] = []
  const stop = () => {
    for (const server of open.splice(0)) server.stop()
  }
  try {
    for (const address of tempo) open.push(await startTempo(address, { store, now, isReady, spanMetrics, fault }))
    for (const address of otlpGrpc) open.push(await startOtlpGrpc(address, receiving))
    for (const address of otlpHttp) open.push(await startOtlpHttp(address, receiving))
  } catch (error) {
    stop()
    throw error
  }
  return { stop }
}
