import { type ApiServer, startApiServer } from '@tern/api'
import type { PublicService } from '@tern/rpc'
import { version } from '@tern/runtime'
import { observeCalls } from '@tern/telemetry'
import { type ApiContext, nodeName } from './api-context.ts'
import { clusterService } from './cluster-service.ts'

/** Every service of tern.v1 that a proxy serves. */
function publicServices(api: ApiContext): PublicService[] {
  return [clusterService(api)]
}

/** Serves the public API on the proxy's own address and on those that it shares. */
export function startApi(api: ApiContext): Promise<ApiServer> {
  const { config, context } = api
  const { clock, counters, tracer, logger } = context
  const own = config.api.map((address) => ({ address, shared: false }))
  const shared = config.apiShared.map((address) => ({ address, shared: true }))
  return startApiServer({
    listeners: [...own, ...shared],
    services: publicServices(api),
    clock,
    headers: { 'tern-zone': config.zone, 'tern-node': nodeName(config), 'tern-version': version },
    observe: observeCalls(counters.calls, tracer, clock.now),
    fault: (error, path) => logger.error('a call of the API failed', { path, error: stackOf(error) }),
  })
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
