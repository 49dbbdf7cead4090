import type { ProxyConfig } from '../../config.ts'
import type { Context } from '../connection/context.ts'
import type { Members } from '../region/members.ts'
import type { Nameservers } from '../region/nameservers.ts'
import type { Scans } from '../region/scans.ts'
import type { TraceServices } from '../traces/trace-services.ts'

/** What the services of the public API stand on; of one incarnation of the proxy. */
export type ApiContext = Readonly<{
  config: ProxyConfig
  context: Context
  scans: Scans
  traces: TraceServices
  members: Members
  nameservers: Nameservers
}>

/** As the topology calls a proxy. */
export const nodeName = ({ zone }: ProxyConfig): string => `proxy-${zone.replace(/^az-/, '')}`
