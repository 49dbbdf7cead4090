import type { Log } from '@tern/log'
import type { Block } from '@tern/record'
import { createMembership, createRouteWatcher, type RouteWatcher } from '@tern/routing'
import { type RpcServer, startServer } from '@tern/rpc'
import type { Clock, Logger } from '@tern/runtime'
import { type Metrics, traceIds as traceIdsOf } from '@tern/telemetry'
import { ledgerRpcService } from './adapters/ledger/ledger-service.ts'
import { MessageReader } from './adapters/log/message-reader.ts'
import { RecordReader } from './adapters/log/record-reader.ts'
import { TraceFold } from './adapters/log/trace-fold.ts'
import { TraceLog } from './adapters/log/trace-log.ts'
import { metricsRpcService, numbersRpcService } from './adapters/numbers/numbers-service.ts'
import { queryRpcService } from './adapters/query/query-service.ts'
import { LogSpanSink } from './adapters/store/log-span-sink.ts'
import { LogTraceStore } from './adapters/store/log-trace-store.ts'
import type { TraceConfig } from './config.ts'
import { TraceIndex } from './core/index/trace-index.ts'
import { NumberHistory } from './core/numbers/number-history.ts'
import { LedgerCounting } from './core/span-metrics/ledger-counting.ts'
import { SpanMetrics } from './core/span-metrics/span-metrics.ts'
import { traceMetrics } from './metrics.ts'
import type { SpanSink, TraceStore } from './ports.ts'
import { startServers } from './servers.ts'

export type TracePorts = Readonly<{ log: Log; clock: Clock; logger: Logger }>

export type TraceService = Readonly<{
  /** host:port where proxies find it, once started. */
  address(): string
  /** Resolves once it is a member of the region, and knows what the log has. */
  start(): Promise<void>
  stop(): void
  store: TraceStore
  sink: SpanSink
  metrics: Metrics
  /** The index knows what stood in the log at the start. */
  serves(): boolean
}>

/** Keeps what proxies tell of messages, and shows it as traces. All that it knows is on the log: any number of them may run. */
export function createTraceService(config: TraceConfig, { log, clock, logger }: TracePorts): TraceService {
  const index = new TraceIndex()
  const traceIds = traceIdsOf(config.traceKey)
  const records = new RecordReader(log)
  const store = new LogTraceStore({ index, records, messages: new MessageReader(log), traceIds })
  const traceLog = new TraceLog(log, clock, logger)
  const sink = new LogSpanSink(traceLog, () => queues())
  const spanMetrics = new SpanMetrics()
  const history = new NumberHistory()
  const counting = new LedgerCounting(spanMetrics, traceIds)
  const count = (block: Block) => counting.count(block, clock.now())
  const isReady = () => fold?.isReady ?? false
  let routes: RouteWatcher | undefined
  let server: RpcServer | undefined
  let servers: Readonly<{ stop(): void }> | undefined
  let fold: TraceFold | undefined
  let leave = () => {}
  let stopped = false
  const queues = () => routes?.table().queues ?? 0

  /** Whoever is declared dead joins again: nothing here depends on who it is. */
  const join = async (): Promise<void> => {
    const { zone, nameservers: addresses, tempo, otlpGrpc, otlpHttp } = config
    const address = server?.address ?? config.listen
    const endpoints: Record<string, string> = { rpc: address }
    if (tempo[0] !== undefined) endpoints['tempo'] = tempo[0]
    const otlp = otlpGrpc[0] ?? otlpHttp[0]
    if (otlp !== undefined) endpoints['otlp'] = otlp
    const detail = { endpoints, version: '', startedAtMs: clock.now() }
    const membership = createMembership({
      kind: 'trace',
      zone,
      address,
      detail,
      addresses,
      nonce: config.nonce(),
      clock,
    })
    leave = () => membership.stop()
    membership.onDeclaredDead((reason) => {
      logger.warn('declared dead; comes back as a new incarnation', { reason })
      if (!stopped) void join()
    })
    logger.info('joined', { incarnation: await membership.joined, address })
  }

  return {
    address: () => server?.address ?? config.listen,
    async start() {
      const watcher = createRouteWatcher({ addresses: config.nameservers, clock })
      routes = watcher
      await untilProvisioned(watcher)
      fold = new TraceFold({ log, index, queues: queues(), clock, logger })
      server = await startServer(config.listen, [
        ledgerRpcService(traceLog, queues, clock, count),
        queryRpcService({ store, traceIds, now: () => clock.now() }),
        numbersRpcService(history, () => clock.now()),
        metricsRpcService(history, () => clock.now()),
      ])
      servers = await startServers(config, { store, sink, spanMetrics, isReady, now: () => clock.now(), logger })
      await join()
      await fold.ready
    },
    stop() {
      stopped = true
      leave()
      fold?.stop()
      traceLog.stop()
      servers?.stop()
      server?.stop()
      routes?.stop()
    },
    store,
    sink,
    metrics: traceMetrics({ index, traceLog }),
    serves: isReady,
  }
}

/** Before the number of queues is known nothing can be taken, nor found. */
function untilProvisioned(routes: RouteWatcher): Promise<void> {
  if (routes.table().queues > 0) return Promise.resolve()
  return new Promise((resolve) => {
    routes.onChange(({ queues }) => {
      if (queues > 0) resolve()
    })
  })
}
