import type { SpanJson, TraceJson } from '../../gen/tern/v1/traces_pb.js'

export type Row = Readonly<{
  span: SpanJson
  depth: number
  /** Milliseconds since the trace began. */
  start: number
  duration: number
  children: number
  /** Where the span before it, of the same parent, ended: what lies between is a wait. */
  gapFrom: number | undefined
}>

/** Nanoseconds do not fit a number; their distance from the beginning does. */
const millisFrom = (begin: bigint, nanos: string | undefined) => Number(BigInt(nanos ?? '0') - begin) / 1e6

/** A wait shorter than this part of the trace is not named. */
const gapShare = 0.02

/** Spans in the order of a tree, parents before children, earlier before later. What is folded leaves out what is below it. */
export function rowsOf(trace: TraceJson, folded: ReadonlySet<string>): Row[] {
  const spans = trace.spans ?? []
  const begin = beginOf(trace)
  const known = new Set(spans.map(({ spanId }) => spanId))
  const below = new Map<string, SpanJson[]>()
  for (const span of spans) {
    const parent = known.has(span.parentSpanId) && span.parentSpanId !== span.spanId ? (span.parentSpanId ?? '') : ''
    below.set(parent, [...(below.get(parent) ?? []), span])
  }
  const rows: Row[] = []
  const seen = new Set<string>()
  const least = durationOf(trace) * gapShare
  const visit = (parent: string, depth: number) => {
    let end: number | undefined
    for (const span of (below.get(parent) ?? []).toSorted(byStart)) {
      const id = span.spanId ?? ''
      if (seen.has(id)) continue
      seen.add(id)
      const start = millisFrom(begin, span.startUnixNano)
      const duration = Number(span.durationNano ?? 0) / 1e6
      const gap = end !== undefined && start - end > least ? end : undefined
      const children = below.get(id)?.length ?? 0
      rows.push({ span, depth, start, duration, children, gapFrom: gap })
      end = Math.max(end ?? 0, start + duration)
      if (!folded.has(id)) visit(id, depth + 1)
    }
  }
  visit('', 0)
  return rows
}

const byStart = (a: SpanJson, b: SpanJson) => {
  const by = BigInt(a.startUnixNano ?? '0') - BigInt(b.startUnixNano ?? '0')
  return by < 0n ? -1 : by > 0n ? 1 : 0
}

function beginOf({ startUnixNano, spans = [] }: TraceJson): bigint {
  const starts = spans.map((span) => BigInt(span.startUnixNano ?? '0'))
  const given = BigInt(startUnixNano ?? '0')
  return starts.reduce((least, each) => (each < least ? each : least), given === 0n ? (starts[0] ?? 0n) : given)
}

/** From the first span's start to the last one's end, in milliseconds. */
export function durationOf(trace: TraceJson): number {
  const begin = beginOf(trace)
  const ends = (trace.spans ?? []).map(
    (span) => millisFrom(begin, span.startUnixNano) + Number(span.durationNano ?? 0) / 1e6,
  )
  return Math.max(Number(trace.durationNano ?? 0) / 1e6, 0.001, ...ends)
}

/** The part of the trace that is looked at, as shares from 0 to 1. */
export type Window = Readonly<{ from: number; to: number }>

export const wholeWindow: Window = { from: 0, to: 1 }

/** Closer or further by a key press, around the middle; or to the side. */
export function moved({ from, to }: Window, by: 'in' | 'out' | 'left' | 'right'): Window {
  const width = to - from
  const middle = (from + to) / 2
  if (by === 'in' || by === 'out') {
    const next = Math.min(1, Math.max(0.002, width * (by === 'in' ? 0.6 : 1 / 0.6)))
    return within(middle - next / 2, next)
  }
  return within(from + width * (by === 'left' ? -0.2 : 0.2), width)
}

const within = (from: number, width: number): Window => {
  const start = Math.min(Math.max(0, from), 1 - width)
  return { from: start, to: start + width }
}

/** Marks on the ruler: 4 to 8 round numbers of milliseconds. */
export function marksOf(from: number, to: number): number[] {
  const rough = (to - from) / 6
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? power * 10
  const first = Math.ceil(from / step)
  return Array.from({ length: Math.max(0, Math.floor(to / step) - first + 1) }, (_, i) => (first + i) * step)
}
