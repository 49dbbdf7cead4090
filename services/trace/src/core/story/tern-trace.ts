import type { traces } from '@tern/proto'
import { messageIdOf } from '@tern/telemetry'
import { type Delivery, deliveriesOf, hasFailed, isDone, startOf } from './deliveries.ts'
import { deliverySpans } from './delivery-spans.ts'
import { publishSpans } from './publish-spans.ts'
import type { Attributes, RenderedSpan } from './rendered-span.ts'
import type { Story } from './story.ts'

/** Of one trace so many spans are shown; of more deliveries failed and slow ones first. */
export const spansShownMax = 1_000

/** The trace of a message as the public API tells it. */
export function ternTraceOf(story: Story): traces.Trace {
  const publish = publishSpans(story)
  const all = deliveriesOf(story)
  const [shown, folded] = folding(all, Math.floor((spansShownMax - publish.length) / 2))
  const spans = [...publish, ...shown.flatMap((delivery) => deliverySpans(story, delivery))]
  const critical = criticalOf(spans)
  const startUs = Math.min(...spans.map((span) => span.startUs))
  const endUs = Math.max(...spans.map((span) => span.endUs))
  return {
    traceId: story.traceId,
    messageId: story.position < 0 ? '' : messageIdOf(story.queue, story.position),
    spans: spans.map((span) => ternSpanOf(span, critical.has(span.spanId))),
    startUnixNano: nanos(spans.length === 0 ? 0 : startUs),
    durationNano: spans.length === 0 ? 0 : (endUs - startUs) * 1000,
    deliveries: summaryOf(all, publish[0]?.startUs),
    folded,
    incomplete: story.incomplete,
  }
}

export const ternSpanOf = (span: RenderedSpan, critical: boolean): traces.Span => ({
  spanId: span.spanId,
  parentSpanId: span.parentSpanId,
  name: span.name,
  service: span.service,
  kind: span.kind,
  startUnixNano: nanos(span.startUs),
  durationNano: (span.endUs - span.startUs) * 1000,
  status: span.isError ? 'error' : '',
  statusMessage: span.statusMessage,
  attributes: textsOf(span.attributes),
  events: span.events.map(({ timeUs, name, attributes }) => ({
    ...{ timeUnixNano: nanos(timeUs), name, attributes: textsOf(attributes) },
  })),
  zone: span.zone,
  critical,
})

/** Failed ones, then slow ones; those that are shown keep their order. */
function folding(all: readonly Delivery[], max: number): [shown: readonly Delivery[], folded: number] {
  if (all.length <= max) return [all, 0]
  const length = (delivery: Delivery) => delivery.last.endUs - startOf(delivery)
  const first = [...all].sort((a, b) => Number(hasFailed(b)) - Number(hasFailed(a)) || length(b) - length(a))
  const kept = new Set(first.slice(0, max))
  return [all.filter((delivery) => kept.has(delivery)), all.length - max]
}

/** From the span that ends last, up to the root. */
function criticalOf(spans: readonly RenderedSpan[]): ReadonlySet<string> {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const critical = new Set<string>()
  // Of two that end together the later one is the deeper one.
  let here = spans.reduce<RenderedSpan | undefined>(
    (last, span) => (last === undefined || span.endUs >= last.endUs ? span : last),
    undefined,
  )
  while (here !== undefined && !critical.has(here.spanId)) {
    critical.add(here.spanId)
    here = byId.get(here.parentSpanId)
  }
  return critical
}

/** From the publish to the acknowledgement, of those that have it; at QoS 0 to when it was written. */
function summaryOf(all: readonly Delivery[], publishedUs: number | undefined): traces.DeliverySummary {
  const done = all.filter(isDone)
  const failed = all.filter(hasFailed).length
  const took = done.map((each) => each.last.endUs - (publishedUs ?? startOf(each))).sort((a, b) => a - b)
  const at = (share: number) => durationOf(took[Math.min(took.length - 1, Math.floor(share * took.length))])
  return {
    total: all.length,
    acked: done.length,
    pending: all.length - done.length - failed,
    failed,
    p50: at(0.5),
    p99: at(0.99),
  }
}

const durationOf = (us: number | undefined): traces.DeliverySummary['p50'] =>
  us === undefined ? undefined : { seconds: Math.floor(us / 1e6), nanos: (us % 1e6) * 1000 }

const nanos = (us: number): string => `${BigInt(us) * 1000n}`

const textsOf = (attributes: Attributes): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, `${value}`]))
