import { type cluster, nameserver } from '@tern/proto'
import type { CallContext } from '@tern/rpc'
import { pause } from '@tern/runtime'
import { eventOf, offsetOf } from '../../core/admin/event-views.ts'
import { type FieldKind, fulfils, parseFilter } from '../../core/admin/filter.ts'
import { badField, Refusal } from '../../core/api/refusal.ts'
import type { Nameservers } from '../region/nameservers.ts'
import { type Admin, pageSizeOf, stateOf, tokenOf } from './admin-context.ts'

const fields = { kind: 'text', zone: 'text', member: 'text' } as const satisfies Record<string, FieldKind>
const roundMax = 1_000
const watchEveryMs = 200

type Time = cluster.ClusterEvent['time']
const millis = (time: Time): number => (time === undefined ? 0 : time.seconds * 1_000 + Math.floor(time.nanos / 1e6))

export async function listEvents(
  { filter, startTime, endTime, pageSize, pageToken }: cluster.ListEventsRequest,
  { tokens }: Admin,
  nameservers: Nameservers,
): Promise<cluster.ListEventsResponse> {
  const limit = pageSizeOf(pageSize)
  const clauses = parseFilter(filter, fields)
  const times = { fromTimeMs: Math.max(0, millis(startTime)), untilTimeMs: Math.max(0, millis(endTime)) }
  if (endTime !== undefined && times.fromTimeMs > times.untilTimeMs)
    throw badField('end_time', 'TIME_RANGE_INVALID', 'lies before start_time')
  const question = `ListEvents ${filter} ${times.fromTimeMs} ${times.untilTimeMs}`
  let { before } = stateOf(tokens, pageToken, question, { before: 0 })
  const events: cluster.ClusterEvent[] = []
  for (let more = true; more && events.length < limit; ) {
    const asked = nameserver.ListEventsRequest.fromPartial({ before, limit: roundMax, ...times })
    const page = await ask(nameservers, asked)
    more = page.more
    for (const each of page.events) {
      const event = eventOf(each)
      if (!fulfils({ kind: event.kind, zone: event.zone, member: event.member }, clauses)) {
        before = each.offset
        continue
      }
      if (events.length === limit) {
        more = true
        break
      }
      events.push(event)
      before = each.offset
    }
    if (!more) return { events, nextPageToken: '' }
  }
  return { events, nextPageToken: tokenOf(tokens, { before }, question) }
}

/** Those after an event, or from now on; each within a moment of its record. */
export async function* watchEvents(
  { afterId }: cluster.WatchEventsRequest,
  { clock }: Admin,
  nameservers: Nameservers,
  { signal, draining }: Pick<CallContext, 'signal' | 'draining'>,
): AsyncGenerator<cluster.WatchEventsResponse> {
  const given = offsetOf(afterId)
  if (afterId !== '' && given === undefined)
    throw badField('after_id', 'FIELD_INVALID', `is ${JSON.stringify(afterId.slice(0, 40))}; ids look like ev-1042`)
  const newest = nameserver.ListEventsRequest.fromPartial({ limit: 1 })
  let after = given ?? (await ask(nameservers, newest)).through
  while (!signal.aborted && !draining.aborted) {
    const asked = nameserver.ListEventsRequest.fromPartial({ after, limit: roundMax })
    const page = await ask(nameservers, asked).catch(() => undefined)
    const events = page?.events ?? []
    if (events.length > 0) {
      yield { events: events.map(eventOf) }
      after = Math.max(...events.map(({ offset, moves }) => offset + Math.max(0, moves.length - 1)))
    } else await pause(clock, watchEveryMs)
  }
}

async function ask(nameservers: Nameservers, request: nameserver.ListEventsRequest) {
  try {
    return await nameservers.events(request)
  } catch {
    const says = 'no nameserver answers just now; try again'
    throw new Refusal('UNAVAILABLE', 'NAMESERVERS_UNREACHABLE', says, { retryAfterMs: 1_000 })
  }
}
