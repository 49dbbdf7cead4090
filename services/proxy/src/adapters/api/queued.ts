import { type clients, inspect } from '@tern/proto'
import { messageOf } from '../../core/api/message.ts'
import type { Message, ReadFilter } from '../../ports.ts'
import { type Admin, pageSizeOf, stateOf, tokenOf } from './admin-context.ts'
import { sessionOf } from './sessions.ts'

const pageMax = 100
/** Pages of each queue that are read for one answer. */
const readsMax = 4

/** What the session gets next: what its own filters match beyond its cursor, of all queues, oldest first. */
export async function listQueued(
  { clientId, pageSize, pageToken }: clients.ListQueuedRequest,
  admin: Admin,
): Promise<clients.ListQueuedResponse> {
  const size = pageSizeOf(pageSize, 20, pageMax)
  const question = `ListQueued ${clientId}`
  const session = await sessionOf(clientId, admin)
  const filters = filtersOf(session)
  /** By queue: where each goes on. */
  const from = stateOf<Record<string, number>>(admin.tokens, pageToken, question, beginningsOf(session, filters))
  const settled = settledOf(session)
  const parts = await Promise.all(
    [...filters].map(async ([queue, own]) => {
      const { messages, next } = await readOn(queue, from[queue] ?? 0, own, size, admin)
      return { queue, next, messages: messages.filter(({ position }) => !settled(queue, position)) }
    }),
  )
  const all = parts.flatMap(({ messages }) => messages)
  all.sort((a, b) => a.timeMs - b.timeMs || a.queue - b.queue || a.position - b.position)
  const page = all.slice(0, size)
  for (const { queue, next, messages } of parts) {
    const shown = new Set(page.filter((each) => each.queue === queue).map(({ position }) => position))
    const left = messages.find(({ position }) => !shown.has(position))
    from[queue] = left?.position ?? next
  }
  const { region } = admin.context
  const more = [...filters.keys()].some((queue) => (from[queue] ?? 0) < region.next(queue))
  return {
    messages: page.map((each) => messageOf(each, admin.traceIds)),
    nextPageToken: more ? tokenOf(admin.tokens, from, question) : '',
  }
}

/** About how many records its queues hold beyond what it has settled, matching or not; -1: not kept for it, or an owner gives no answer. */
export async function queuedOf(session: inspect.SessionState, { members }: Admin): Promise<number> {
  // The subscriptions of one that ends with its connection are its proxy's: nothing is queued for it.
  if (session.summary?.expirySeconds === 0) return -1
  const filters = filtersOf(session)
  if (filters.size === 0) return 0
  const { answered } = await members.gather(members.brokers(), inspect.InspectServiceService.listQueues, () => ({}))
  const served = answered.flatMap(({ answer }) => answer.queues.filter(({ serving }) => serving))
  const ends = new Map(served.map(({ queue, end }) => [queue, end]))
  const settled = new Map(session.cursor?.progress.map((each) => [each.queue, each.settled]))
  let queued = 0
  for (const [queue, from] of Object.entries(beginningsOf(session, filters))) {
    const end = ends.get(Number(queue))
    if (end === undefined) return -1
    const done = (settled.get(Number(queue)) ?? []).reduce((sum, { first, last }) => sum + last - first + 1, 0)
    queued += Math.max(0, end - from - done)
  }
  return queued
}

async function readOn(queue: number, from: number, filters: readonly ReadFilter[], size: number, admin: Admin) {
  const messages: Message[] = []
  let next = from
  for (let read = 0; read < readsMax && messages.length < size; read++) {
    const covered = await admin.context.region.read(queue, next, filters)
    messages.push(...covered.messages)
    const isAtEnd = covered.last < next
    next = covered.last + 1
    if (isAtEnd || next >= admin.context.region.next(queue)) break
  }
  return { messages, next }
}

/** By queue; shared ones are the group's and nobody's yet. */
function filtersOf({ subscriptions }: inspect.SessionState): Map<number, ReadFilter[]> {
  const filters = new Map<number, ReadFilter[]>()
  for (const { filter, starts } of subscriptions) {
    if (filter.startsWith('$share/')) continue
    for (const { queue, position } of starts) {
      filters.set(queue, [...(filters.get(queue) ?? []), { filter, start: position }])
    }
  }
  return filters
}

function beginningsOf({ cursor }: inspect.SessionState, filters: ReadonlyMap<number, readonly ReadFilter[]>) {
  const low = new Map(cursor?.progress.map((each) => [each.queue, each.low]))
  const beginnings: Record<string, number> = {}
  for (const [queue, own] of filters) {
    beginnings[queue] = (low.get(queue) ?? Math.min(...own.map(({ start }) => start))) + 1
  }
  return beginnings
}

function settledOf({ cursor, journal }: inspect.SessionState): (queue: number, position: number) => boolean {
  const taken = new Set(journal.map(({ queue, position }) => `${queue}-${position}`))
  const ranges = new Map(cursor?.progress.map(({ queue, settled }) => [queue, settled]))
  return (queue, position) =>
    taken.has(`${queue}-${position}`) ||
    (ranges.get(queue) ?? []).some(({ first, last }) => position >= first && position <= last)
}
