import type { messaging, scan } from '@tern/proto'
import { unpack } from '@tern/record'
import { messageOf } from '../../core/api/message.ts'
import { badField, Refusal } from '../../core/api/refusal.ts'
import { queryLimits } from '../../core/query/limits.ts'
import { encodeCursor } from '../../core/query/places.ts'
import { type ReplayPlan, replayPlanOf } from '../../core/query/replay-plan.ts'
import { Sampler } from '../../core/query/sampler.ts'
import { type CallContext, type Looking, unreachable } from './call.ts'
import { ReplayFeed, type Track } from './replay-feed.ts'

/** While queues move, a replay waits so long for them before it begins. */
const beginWithinMs = 10_000
/** Without messages, a cursor comes all the same: soon while the past is looked through, later when there is only silence. */
const progressEveryMs = 1_000
const heartbeatEveryMs = 15_000

type Response = messaging.ReplayMessagesResponse

/** `ReplayMessages`: everything that fits from a start, in the order of each queue, and on to what comes. */
export class Replays {
  private readonly looking: Looking
  private running = 0

  constructor(looking: Looking) {
    this.looking = looking
  }

  async *replay(request: messaging.ReplayMessagesRequest, { signal }: CallContext): AsyncGenerator<Response> {
    const plan = replayPlanOf(request)
    if (this.running >= queryLimits.replaysMax) {
      const words = `this proxy serves ${this.running} replays just now; end one, or ask another proxy`
      throw new Refusal('RESOURCE_EXHAUSTED', 'TOO_MANY_REPLAYS', words, { retryAfterMs: 5_000 })
    }
    this.running++
    try {
      yield* this.run(plan, signal)
    } finally {
      this.running--
    }
  }

  private async *run(plan: ReplayPlan, signal: AbortSignal): AsyncGenerator<Response> {
    const { clock } = this.looking
    const feed = new ReplayFeed(this.looking, plan, await this.tracks(plan, signal))
    const sampler = new Sampler(plan.samplePerSecond)
    const isCaughtUp = () => feed.tracks.every(({ next, knownEnd }) => next >= knownEnd)
    let caughtUp = isCaughtUp()
    let skipped = 0
    let toldAt = clock.now()
    if (caughtUp) yield response(feed, { caughtUp })
    for await (const parts of feed.pages(signal)) {
      const now = clock.now()
      const { messages, leftOut } = this.shown(parts, plan, sampler, now)
      skipped += leftOut
      const gap = parts.some((part) => part.gap)
      const hasNews = messages.length > 0 || gap || caughtUp !== isCaughtUp()
      const silentMs = now - toldAt
      if (!hasNews && silentMs < (caughtUp && skipped === 0 ? heartbeatEveryMs : progressEveryMs)) continue
      caughtUp = isCaughtUp()
      yield response(feed, { messages, caughtUp, skipped, gap })
      skipped = 0
      toldAt = now
    }
    if (skipped > 0 && !signal.aborted) yield response(feed, { caughtUp, skipped })
  }

  private shown(
    parts: readonly scan.ScannedPart[],
    { sight }: ReplayPlan,
    sampler: Sampler,
    now: number,
  ): Readonly<{ messages: Response['messages']; leftOut: number }> {
    const { traceIds } = this.looking
    const messages: Response['messages'] = []
    let leftOut = 0
    for (const { queue, count, records, basePosition, baseTimeMs, leftOut: notRead } of parts) {
      let left = sampler.take(count, now)
      leftOut += notRead + count - left
      for (const record of unpack(records, basePosition, baseTimeMs)) {
        if (left-- <= 0) break
        messages.push(messageOf({ queue, ...record }, traceIds, sight))
      }
    }
    return { messages, leftOut }
  }

  private async tracks(plan: ReplayPlan, signal: AbortSignal): Promise<Track[]> {
    const { scans, clock } = this.looking
    const { conditions, start, endMs, follow } = plan
    const queues = scans.reach(conditions.filter)
    const times = [start.at === 'time' ? start.timeMs : 0, endMs ?? 0]
    const extents = await scans.locate(queues, times, { signal, until: clock.now() + beginWithinMs })
    return queues.map((queue) => {
      const extent = extents.get(queue)
      if (extent === undefined) throw unreachable(queue)
      const next = startIn(plan, extent)
      const last = endMs === undefined ? extent.end : (extent.positions[1] ?? extent.end)
      const until = follow ? undefined : Math.max(next, last)
      return { queue, next, until, knownEnd: until ?? extent.end, over: until !== undefined && next >= until }
    })
  }
}

function startIn({ start }: ReplayPlan, { queue, start: first, end, positions }: scan.QueueExtent): number {
  switch (start.at) {
    case 'earliest':
      return first
    case 'latest':
      return end
    case 'time':
      return positions[0] ?? first
    case 'cursor':
      return cursorIn(start.positions.get(queue), queue, end)
  }
}

function cursorIn(position: number | undefined, queue: number, end: number): number {
  if (position !== undefined && position <= end) return position
  const why =
    position === undefined
      ? `says nothing of queue ${queue}, which topic_filter reaches; give a cursor of the same filter`
      : `says ${position} of queue ${queue}, which ends at ${end}: it is of another region`
  throw badField('start.cursor', 'CURSOR_INVALID', why)
}

const response = ({ tracks }: ReplayFeed, fields: Partial<Response>): Response => ({
  ...{ messages: [], caughtUp: false, skipped: 0, gap: false, ...fields },
  cursor: encodeCursor(new Map(tracks.map(({ queue, next }) => [queue, next]))),
})
