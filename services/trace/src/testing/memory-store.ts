import { tally } from '../core/search/tags.ts'
import { viewOf } from '../core/spans/trace-view.ts'
import { readerOf } from '../core/traceql/values.ts'
import type {
  Attribute,
  ResourceSpans,
  SearchRequest,
  SearchStep,
  SinkAnswer,
  SpanSink,
  TagNames,
  TimeRange,
  TraceId,
  TraceSpans,
  TraceStore,
} from '../ports.ts'

type Shape = Readonly<{
  /** Traces in each step of a search. */
  tracesPerStep?: number
  /** Tags whose values it keeps no list of. */
  unlisted?: readonly string[]
}>

/** Traces in memory: what the tests search, and what they fill. It prunes nothing, as a store may. */
export class MemoryStore implements TraceStore, SpanSink {
  readonly #traces = new Map<TraceId, ResourceSpans[]>()
  readonly #shape: Shape
  /** What searches asked for. */
  readonly requests: SearchRequest[] = []
  /** How many steps were read. */
  steps = 0
  /** What a sink says that has no room. */
  full: Extract<SinkAnswer, { taken: false }> | undefined

  constructor(traces: readonly TraceSpans[] = [], shape: Shape = {}) {
    this.#shape = shape
    this.#keep(traces)
  }

  #keep(traces: readonly TraceSpans[]): void {
    for (const { id, resourceSpans } of traces)
      this.#traces.set(id, [...(this.#traces.get(id) ?? []), ...resourceSpans])
  }

  offer(traces: readonly TraceSpans[]): Promise<SinkAnswer> {
    if (this.full !== undefined) return Promise.resolve(this.full)
    this.#keep(traces)
    return Promise.resolve({ taken: true })
  }

  all(): readonly TraceSpans[] {
    return [...this.#traces].map(([id, resourceSpans]) => ({ id, resourceSpans }))
  }

  trace(id: TraceId): Promise<readonly ResourceSpans[]> {
    return Promise.resolve(this.#traces.get(id) ?? [])
  }

  async *search(request: SearchRequest, signal: AbortSignal): AsyncGenerator<SearchStep> {
    this.requests.push(request)
    const found = this.#within(request.range)
    const size = this.#shape.tracesPerStep ?? 2
    const total = Math.max(Math.ceil(found.length / size), 1)
    for (let done = 1; done <= total; done += 1) {
      signal.throwIfAborted()
      this.steps += 1
      const traces = found.slice((done - 1) * size, done * size)
      const first = viewOf(found[done * size - 1] ?? { id: '', resourceSpans: [] })
      const wholeFrom = done === total ? request.range.start : (first?.start ?? request.range.start)
      yield { traces, progress: { done, total, inspectedBytes: done * 100, wholeFrom } }
    }
  }

  #within({ start, end }: TimeRange): readonly TraceSpans[] {
    return this.all()
      .flatMap((trace) => {
        const view = viewOf(trace)
        return view !== undefined && view.start <= end && view.end >= start ? [{ trace, at: view.start }] : []
      })
      .sort((a, b) => Number(b.at - a.at))
      .map(({ trace }) => trace)
  }

  tagNames(range: TimeRange): Promise<TagNames> {
    const names = { resource: new Set<string>(), span: new Set<string>(), event: new Set<string>() }
    for (const { resourceSpans } of this.#within(range)) {
      for (const { resource, scopeSpans } of resourceSpans) {
        for (const { key } of resource?.attributes ?? []) names.resource.add(key)
        for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
          for (const { key } of span.attributes) names.span.add(key)
          for (const { key } of span.events.flatMap(({ attributes }) => attributes)) names.event.add(key)
        }
      }
    }
    const { resource, span, event } = names
    return Promise.resolve({
      resource: [...resource],
      span: [...span],
      event: [...event],
      link: [],
      instrumentation: [],
    })
  }

  tagValues(attribute: Attribute, range: TimeRange, limit: number) {
    if (this.#shape.unlisted?.includes(attribute.name)) return Promise.resolve(undefined)
    const values = tally()
    for (const trace of this.#within(range)) {
      for (const value of (viewOf(trace)?.spans ?? []).flatMap(readerOf(attribute))) values.add(value)
    }
    return Promise.resolve(values.top(limit))
  }
}
