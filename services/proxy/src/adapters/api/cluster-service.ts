import { cluster } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import { version } from '@tern/runtime'
import { connectionLimits } from '../../core/connection/limits.ts'
import { queryLimits } from '../../core/query/limits.ts'
import type { Admin } from './admin-context.ts'
import { type ApiContext, nodeName } from './api-context.ts'
import { drain } from './drain.ts'
import { listEvents, watchEvents } from './events.ts'
import { TopologyView } from './topology.ts'

/** As every region keeps messages: `ternTopics` of libs/log. */
const retention = { seconds: 72 * 3_600, nanos: 0 }

/** What the region is, and what it does. */
export function clusterService({ config, context, nameservers }: ApiContext, admin: Admin): PublicService {
  const { log = '', mode = '' } = config.about ?? {}
  const view = new TopologyView(admin, nameservers)
  return publicService(cluster.ClusterServiceService, {
    getServerInfo: () => ({
      version,
      proxy: nodeName(config),
      zone: config.zone,
      queues: context.region.queues,
      log,
      retention,
      payloadBytesMax: connectionLimits.packetBytesMax,
      pageSizeMax: queryLimits.pageSizeMax,
      mode,
    }),
    getTopology: async () => ({ topology: await view.look() }),
    watchTopology: (_, call) => view.watch(call),
    listEvents: (request) => listEvents(request, admin, nameservers),
    watchEvents: (request, call) => watchEvents(request, admin, nameservers, call),
    drain: (request) => drain(request, admin, nameservers),
  })
}
