import type { otlpCommon, otlpTrace } from '@tern/proto'
import type { TraceSpans } from '../../ports.ts'
import { hexOf } from './hex.ts'

/** A span with what it belongs to, as queries see it. */
export type SpanView = Readonly<{
  span: otlpTrace.Span
  id: string
  resource: readonly otlpCommon.KeyValue[]
  scope: otlpCommon.InstrumentationScope | undefined
  service: string
  trace: TraceView
}> & {
  /** Undefined: it is a root, or its parent is not here. */
  parent: SpanView | undefined
  children: SpanView[]
  /** The numbers of a nested set: what is below a span lies between its two. `setParent` is -1 for a root, 0 for an orphan. */
  setLeft: number
  setRight: number
  setParent: number
}

export type TraceView = Readonly<{
  id: string
  /** Each once, though it may have come twice. */
  spans: readonly SpanView[]
  root: SpanView | undefined
  start: bigint
  end: bigint
}>

/** Reads a whole trace. Undefined: it has no spans. */
export function viewOf({ id, resourceSpans }: TraceSpans): TraceView | undefined {
  const spans: SpanView[] = []
  const trace = { id, spans, root: undefined as SpanView | undefined, start: 0n, end: 0n }
  const byId = new Map<string, SpanView>()
  for (const { resource, scopeSpans } of resourceSpans) {
    const attributes = resource?.attributes ?? []
    const service = serviceOf(attributes)
    for (const { scope, spans: ofScope } of scopeSpans) {
      for (const span of ofScope) {
        const spanId = hexOf(span.spanId)
        if (byId.has(spanId)) continue
        const view = { span, id: spanId, resource: attributes, scope, service, trace, ...unplaced() }
        byId.set(spanId, view)
        spans.push(view)
      }
    }
  }
  const first = spans[0]
  if (first === undefined) return undefined
  trace.start = spans.reduce((least, { span }) => min(least, span.startTimeUnixNano), first.span.startTimeUnixNano)
  trace.end = spans.reduce((most, { span }) => max(most, span.endTimeUnixNano), first.span.endTimeUnixNano)
  trace.root = place(spans, byId)
  return trace
}

/** Said of a trace whose root nobody sent; Tempo says the same, and Grafana shows it. */
export const rootUnknown = '<root span not yet received>'

export function serviceOf(resource: readonly otlpCommon.KeyValue[]): string {
  const value = resource.find(({ key }) => key === 'service.name')?.value?.value
  return value?.$case === 'stringValue' ? value.value : ''
}

/** The duration of a span; a clock that went back makes it zero. */
export const durationOf = ({ startTimeUnixNano, endTimeUnixNano }: otlpTrace.Span): bigint =>
  endTimeUnixNano > startTimeUnixNano ? endTimeUnixNano - startTimeUnixNano : 0n

const unplaced = () => ({ parent: undefined, children: [], setLeft: 0, setRight: 0, setParent: 0 })
const min = (a: bigint, b: bigint) => (a < b ? a : b)
const max = (a: bigint, b: bigint) => (a > b ? a : b)

/** Finds parents and children, and numbers the sets. The root is the earliest span that says it has no parent. */
function place(spans: readonly SpanView[], byId: ReadonlyMap<string, SpanView>): SpanView | undefined {
  let root: SpanView | undefined
  const tops: SpanView[] = []
  for (const view of spans) {
    const parentId = hexOf(view.span.parentSpanId)
    const parent = byId.get(parentId)
    const isRoot = /^0*$/.test(parentId)
    if (parent !== undefined && parent !== view) {
      view.parent = parent
      parent.children.push(view)
    } else {
      tops.push(view)
      view.setParent = isRoot ? -1 : 0
    }
    if (isRoot && (root === undefined || view.span.startTimeUnixNano < root.span.startTimeUnixNano)) root = view
  }
  number(tops)
  breakLoops(spans)
  return root
}

/** Depth first, on a stack of its own: a trace may be as deep as it has spans. */
function number(tops: readonly SpanView[]): void {
  let next = 1
  for (const top of tops) {
    const stack: { view: SpanView; child: number }[] = [{ view: top, child: 0 }]
    top.setLeft = next++
    for (let here = stack.at(-1); here !== undefined; here = stack.at(-1)) {
      const child = here.view.children[here.child++]
      if (child === undefined) {
        here.view.setRight = next++
        stack.pop()
        continue
      }
      child.setLeft = next++
      child.setParent = here.view.setLeft
      stack.push({ view: child, child: 0 })
    }
  }
}

/** Spans that are each other's parents hang from no top and got no number: they stand alone, so that whoever climbs comes to an end. */
function breakLoops(spans: readonly SpanView[]): void {
  for (const view of spans) {
    if (view.setLeft !== 0) continue
    view.parent = undefined
    view.children = []
  }
}
