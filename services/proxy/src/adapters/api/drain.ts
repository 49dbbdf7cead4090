import type { cluster } from '@tern/proto'
import { badField, Refusal } from '../../core/api/refusal.ts'
import type { Nameservers } from '../region/nameservers.ts'
import type { Admin } from './admin-context.ts'

/** Of a broker, or of all of a zone; asked first who that is, so that a wrong name drains nobody. */
export async function drain(
  { zone, member, draining, validateOnly }: cluster.DrainRequest,
  { members }: Admin,
  nameservers: Nameservers,
): Promise<cluster.DrainResponse> {
  if ((zone === '') === (member === '')) throw badField('zone', 'FIELD_INVALID', 'or member is wanted: one of them')
  const brokers = members.brokers().filter((each) => (zone === '' ? each.name === member : each.zone === zone))
  if (brokers.length === 0) {
    const what =
      zone === '' ? `there is no broker ${JSON.stringify(member)}` : `zone ${JSON.stringify(zone)} has no broker`
    throw new Refusal(
      'NOT_FOUND',
      'MEMBER_NOT_FOUND',
      `${what}; there are ${members
        .brokers()
        .map(({ name }) => name)
        .join(', ')}`,
    )
  }
  const table = members.routes.table()
  const owners = new Set(brokers.map(({ incarnation }) => incarnation))
  const owned = Array.from({ length: table.queues }, (_, queue) => table.ownerOf(queue)?.broker ?? -1)
  const queues = draining ? owned.filter((broker) => owners.has(broker)).length : 0
  const names = brokers.map(({ name }) => name)
  if (validateOnly) return { brokers: names, queues }
  try {
    if (zone !== '') await nameservers.drain({ zone, broker: 0, draining })
    else await nameservers.drain({ zone: '', broker: brokers[0]?.incarnation ?? 0, draining })
  } catch {
    const says = 'no nameserver leads at the moment; try again in a second'
    throw new Refusal('UNAVAILABLE', 'NAMESERVERS_UNREACHABLE', says, { retryAfterMs: 1_000 })
  }
  return { brokers: names, queues }
}
