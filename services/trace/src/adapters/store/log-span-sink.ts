import { partitionOf } from '@tern/routing'
import type { ResourceSpans, SinkAnswer, SpanSink, TraceSpans } from '../../ports.ts'
import { recordBytesMax, type TraceLog } from '../log/trace-log.ts'
import { spansRecord } from '../log/trace-record.ts'

/** While so much waits for the log, no more is taken. */
const waitingBytesMax = 32 * 1024 * 1024
const retryAfterSeconds = 5

/** Spans that others sent, on their way to tern.trace: in the queue that their trace's id hashes to. */
export class LogSpanSink implements SpanSink {
  private readonly log: TraceLog
  private readonly queues: () => number

  constructor(log: TraceLog, queues: () => number) {
    this.log = log
    this.queues = queues
  }

  async offer(traces: readonly TraceSpans[]): Promise<SinkAnswer> {
    if (this.log.waitingBytes >= waitingBytesMax) {
      return { taken: false, why: 'the log takes traces more slowly than they come', retryAfterSeconds }
    }
    const records = traces.flatMap(({ id, resourceSpans }) =>
      recordsOf(id, resourceSpans).map((body) => ({ id, body })),
    )
    await Promise.all(
      records.map(
        ({ id, body }) =>
          new Promise<void>((durable) => this.log.append(partitionOf(id, this.queues()), body, durable)),
      ),
    )
    return { taken: true }
  }
}

/** Cut into records that a log takes. A single span that is larger goes without its attributes, or not at all. */
function recordsOf(id: string, resourceSpans: readonly ResourceSpans[]): Buffer[] {
  const whole = spansRecord(id, resourceSpans)
  if (whole.length <= recordBytesMax) return [whole]
  const parts = halvesOf(resourceSpans)
  if (parts !== undefined) return parts.flatMap((part) => recordsOf(id, part))
  const bare = spansRecord(id, withoutAttributes(resourceSpans))
  return bare.length <= recordBytesMax ? [bare] : []
}

function halvesOf(all: readonly ResourceSpans[]): [ResourceSpans[], ResourceSpans[]] | undefined {
  const singles = all.flatMap((of) =>
    of.scopeSpans.flatMap((inScope) =>
      inScope.spans.map((span): ResourceSpans => ({ ...of, scopeSpans: [{ ...inScope, spans: [span] }] })),
    ),
  )
  if (singles.length < 2) return undefined
  const half = Math.ceil(singles.length / 2)
  return [singles.slice(0, half), singles.slice(half)]
}

const withoutAttributes = (all: readonly ResourceSpans[]): ResourceSpans[] =>
  all.map((of) => ({
    ...of,
    scopeSpans: of.scopeSpans.map((inScope) => ({
      ...inScope,
      spans: inScope.spans.map((span) => ({
        ...span,
        attributes: [],
        events: [],
        links: [],
        droppedAttributesCount: span.attributes.length,
        droppedEventsCount: span.events.length,
        droppedLinksCount: span.links.length,
      })),
    })),
  }))
