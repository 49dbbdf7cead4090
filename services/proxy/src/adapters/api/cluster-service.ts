import { cluster } from '@tern/proto'
import { type PublicService, publicService } from '@tern/rpc'
import { version } from '@tern/runtime'
import { connectionLimits } from '../../core/connection/limits.ts'
import { queryLimits } from '../../core/query/limits.ts'
import { type ApiContext, nodeName } from './api-context.ts'

/** As every region keeps messages: `ternTopics` of libs/log. */
const retention = { seconds: 72 * 3_600, nanos: 0 }

/** What the region is, and what it does. */
export function clusterService({ config, context }: ApiContext): PublicService {
  const { log = '', mode = '' } = config.about ?? {}
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
  })
}
