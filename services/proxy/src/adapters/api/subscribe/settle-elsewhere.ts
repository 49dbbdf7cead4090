import { inspect, type messaging, proxy } from '@tern/proto'
import type { Region } from '../../../ports.ts'
import type { Members } from '../../region/members.ts'

/** Settles deliveries by the proxy that has the subscriber's connection, as its home knows. Undefined: none has, or it does not answer. */
export async function settleElsewhere(
  request: messaging.AcknowledgeRequest,
  members: Members,
  region: Pick<Region, 'queueOf' | 'proxy'>,
): Promise<messaging.AcknowledgeResponse | undefined> {
  const { subscriberId } = request
  const owner = members.ownerOf(region.queueOf(subscriberId))
  if (owner === undefined) return undefined
  const { getSessions } = inspect.InspectServiceService
  try {
    const { sessions } = await members.ask(owner, getSessions, { clientIds: [subscriberId], whole: false })
    const at = sessions[0]?.summary
    const member = at?.disconnectedAtMs === undefined ? members.get(at?.proxy ?? 0) : undefined
    if (member === undefined || member.incarnation === region.proxy) return undefined
    return (await members.ask(member, proxy.ProxyServiceService.acknowledge, { request })).response
  } catch {
    // Whoever does not answer may be dead: the session is taken over from it.
    return undefined
  }
}
