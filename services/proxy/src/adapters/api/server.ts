import { type ApiServer, pageTokens, startApiServer } from '@tern/api'
import type { PublicService } from '@tern/rpc'
import { version } from '@tern/runtime'
import { observeCalls, traceIds, traceKeyUnlessTold } from '@tern/telemetry'
import type { Admin } from './admin-context.ts'
import { type ApiContext, nodeName } from './api-context.ts'
import type { Looking } from './call.ts'
import { clientService } from './clients-service.ts'
import { clusterService } from './cluster-service.ts'
import { type Looks, looksOf } from './looks.ts'
import { messagingService } from './messaging-service.ts'
import { metricsService } from './metrics-service.ts'
import { type Publish, publishTo } from './publish.ts'
import { retainedService } from './retained-service.ts'
import { routeService } from './routes-service.ts'
import { type PullPorts, Pulls } from './subscribe/pulls.ts'
import { settleElsewhere } from './subscribe/settle-elsewhere.ts'
import type { SubscribePorts } from './subscribe/subscribe.ts'
import { matchTopic, subscriptionService } from './subscriptions-service.ts'
import { topicRoutes } from './topic-routes.ts'
import { topicService } from './topic-service.ts'
import type { TopicSurroundings } from './topics.ts'
import { traceService } from './trace-service.ts'

/** Every service of tern.v1 that a proxy serves. */
function publicServices(
  api: ApiContext,
  looking: Looking,
  looks: Looks,
  publish: Publish,
  pulls: Pulls,
): PublicService[] {
  const { context, members } = api
  const { clock, tokens, traceIds: ids } = looking
  const admin: Admin = { members, tokens, traceIds: ids, context, clock }
  return [
    clusterService(api, admin),
    clientService(admin),
    subscriptionService(admin),
    routeService(admin),
    messagingService(looking, publish, subscribePorts(api, looking), pulls, looks),
    topicService(looking, surroundingsOf(api)),
    retainedService(looking, publish),
    traceService(looking, api.traces),
    metricsService(api.traces),
  ]
}

const subscribePorts = (
  { config, context }: Pick<ApiContext, 'config' | 'context'>,
  looking: Looking,
): SubscribePorts => ({
  ...{ context, looking },
  where: { proxy: nodeName(config), zone: config.zone },
})

/** Subscribers that call for messages: other proxies ask for what is theirs, too. */
export function pullsOf(api: ApiContext): Pulls {
  const { members, context } = api
  const elsewhere: PullPorts['settleElsewhere'] = (request) => settleElsewhere(request, members, context.region)
  return new Pulls({ ...subscribePorts(api, lookingOf(api)), settleElsewhere: elsewhere })
}

/** Serves the public API on the proxy's own address and on those that it shares. */
export function startApi(api: ApiContext, pulls = pullsOf(api)): Promise<ApiServer> {
  const { config, context } = api
  const { clock, counters, tracer, logger } = context
  const looking = lookingOf(api)
  const looks = looksOf(looking)
  const publish = publishTo(context.region, { clientId: 'grpc-anonymous', principal: '' })
  const own = config.api.map((address) => ({ address, shared: false }))
  const shared = config.apiShared.map((address) => ({ address, shared: true }))
  return startApiServer({
    listeners: [...own, ...shared],
    services: publicServices(api, looking, looks, publish, pulls),
    routes: topicRoutes(looking, publish, looks),
    clock,
    headers: { 'tern-zone': config.zone, 'tern-node': nodeName(config), 'tern-version': version },
    observe: observeCalls(counters.calls, tracer, clock.now),
    fault: (error, path) => logger.error('a call of the API failed', { path, error: stackOf(error) }),
  })
}

/** Every proxy of a region has the same key, and so takes the tokens of all others. */
export function lookingOf({ config, context, scans }: Pick<ApiContext, 'config' | 'context' | 'scans'>): Looking {
  const { traceKey: key = traceKeyUnlessTold } = config
  const { clock } = context
  return { scans, clock, traceIds: traceIds(key), tokens: pageTokens({ clock, key }) }
}

/** Who owns a queue, and in which zone. */
function surroundingsOf({ scans, members }: ApiContext): TopicSurroundings {
  return {
    ownerOf: (queue) => scans.ownerOf(queue),
    subscriptions: (topic) => matchTopic({ topic, pageSize: 1 }, members).then(({ totalSize }) => totalSize, notKnown),
  }
}

const notKnown = () => -1

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
