import { type Block, type BlockHead, entryKind } from '@tern/record'
import { type Named, type Part, type Pruning, pruningOf, type Summary } from '../../core/index/pruning.ts'
import type { Stretch } from '../../core/index/stretch.ts'
import type { SearchRequest, SearchStep, TimeRange, TraceId, TraceSpans } from '../../ports.ts'
import type { LogTraceStore } from './log-trace-store.ts'
import type { StoriesOptions } from './stories.ts'

/** Messages that are put together in one step: enough for most searches, and quickly there. */
const messagesPerStep = 64

type Candidates = Readonly<{ positions: number[]; ids: TraceId[] }>

/** Stretch by stretch, newest first; most of them are passed over by what the index knows. */
export async function* searchSteps(
  options: StoriesOptions,
  store: LogTraceStore,
  { range, hints }: SearchRequest,
  signal: AbortSignal,
): AsyncGenerator<SearchStep> {
  if (hints.alternatives.length === 0) return
  const pruning = pruningOf(hints)
  const search = new Search(store, range, signal)
  if (pruning.only !== undefined) {
    yield { traces: await search.named(pruning.only), progress: { done: 1, total: 1, inspectedBytes: 0 } }
    return
  }
  const all = options.index.ofTime(microseconds(range.start), microseconds(range.end))
  const stretches = all.filter((stretch) => pruning.mayHave(stretch))
  const skipped = all.length - stretches.length
  let inspectedBytes = 0
  for (const [i, stretch] of stretches.entries()) {
    const { queue, bytes } = stretch
    const progress = { done: skipped + i, total: all.length, inspectedBytes }
    const { positions: found, ids } = await candidatesIn(options, stretch, pruning)
    const positions = pruning.takesTopic ? await withTopic(options, queue, found, pruning.takesTopic) : found
    signal.throwIfAborted()
    inspectedBytes += bytes
    for (let at = 0; at < positions.length; at += messagesPerStep) {
      const part = new Set(positions.slice(at, at + messagesPerStep))
      yield { traces: await search.messages(queue, part), progress }
    }
    const traces = await search.ids(ids)
    // What is not read yet ended by then.
    const next = stretches[i + 1]
    const wholeFrom = next === undefined ? range.start : BigInt(next.toUs + 1) * 1000n
    yield { traces, progress: { done: skipped + i + 1, total: all.length, inspectedBytes, wholeFrom } }
  }
  if (stretches.length === 0) yield { traces: [], progress: { done: all.length, total: all.length, inspectedBytes } }
}

type Parts = Map<number, { -readonly [K in keyof Part]: Part[K] } & { isTaken: boolean }>

/** What a stretch may tell of, newest first. */
async function candidatesIn(options: StoriesOptions, stretch: Stretch, pruning: Pruning): Promise<Candidates> {
  const { queue, first, end, bytes } = stretch
  const parts: Parts = new Map()
  const ids = new Set<TraceId>()
  for (const { record } of await options.records.read(queue, first, end, bytes)) {
    if (record.kind === 'spans') ids.add(record.traceId)
    else if (pruning.mayHave(summaryOf(record.block.head))) takeBlock(record.block, pruning, parts, ids)
  }
  const positions = [...parts]
    .filter(([, part]) => part.isTaken && pruning.takesPart(part))
    .sort(([, a], [, b]) => b.toUs - a.toUs)
    .map(([position]) => position)
  return { positions, ids: [...ids] }
}

function summaryOf({ hasFailure, texts, topicHashes }: BlockHead): Summary {
  let hashes: Set<number> | undefined
  const mayHaveName = (hash: number) => {
    hashes ??= new Set([...texts.hashes(), ...topicHashes])
    return hashes.has(hash)
  }
  return { hasFailure, mayHaveName }
}

function takeBlock(block: Block, pruning: Pruning, parts: Parts, ids: Set<TraceId>): void {
  const entry = block.cursor()
  while (entry.next()) {
    const { position, startUs, endUs, kind } = entry
    const isTaken = pruning.takesEntry(entry)
    if (position >= 0) {
      let part = parts.get(position)
      if (part === undefined) {
        part = { fromUs: startUs, toUs: 0, isFromStart: false, isTaken: false }
        parts.set(position, part)
      }
      part.fromUs = Math.min(part.fromUs, startUs)
      part.toUs = Math.max(part.toUs, endUs)
      // In a trace that a client began may be more than this message.
      part.isFromStart ||= kind === entryKind.published && entry.context === undefined
      part.isTaken ||= isTaken
    } else if (isTaken && kind === entryKind.publishRefused) {
      const { context } = entry
      if (context !== undefined) ids.add(context.traceId)
    }
  }
}

/** Those whose topic may match. What shares its trace with others, or is not on the log any more, is looked at as a whole. */
async function withTopic(
  { messages }: StoriesOptions,
  queue: number,
  positions: readonly number[],
  takesTopic: (topic: string) => boolean,
): Promise<number[]> {
  const stored = await messages.read(queue, positions)
  return positions.filter((position) => {
    const message = stored.get(position)
    return message === undefined || message.context !== undefined || takesTopic(message.topic)
  })
}

/** Each trace once, whole, and only those of the range. */
class Search {
  private readonly seen = new Set<TraceId>()
  private readonly store: LogTraceStore
  private readonly range: TimeRange
  private readonly signal: AbortSignal

  constructor(store: LogTraceStore, range: TimeRange, signal: AbortSignal) {
    this.store = store
    this.range = range
    this.signal = signal
  }

  async messages(queue: number, positions: ReadonlySet<number>): Promise<TraceSpans[]> {
    const { signal } = this
    const found: TraceSpans[] = []
    for (const story of await this.store.stories.of(queue, positions, signal)) {
      if (!this.isNew(story.traceId)) continue
      found.push(await this.store.whole(story, signal))
    }
    return this.within(found)
  }

  async ids(ids: readonly TraceId[]): Promise<TraceSpans[]> {
    const found: TraceSpans[] = []
    for (const id of ids) {
      if (this.isNew(id)) found.push({ id, resourceSpans: await this.store.trace(id, this.signal) })
    }
    return this.within(found)
  }

  async named(named: readonly Named[]): Promise<TraceSpans[]> {
    const found: TraceSpans[] = []
    for (const each of named) {
      if ('traceId' in each) found.push(...(await this.ids([each.traceId])))
      else found.push(...(await this.messages(each.address.queue, new Set([each.address.position]))))
    }
    return found
  }

  private isNew(id: TraceId): boolean {
    if (this.seen.has(id)) return false
    this.seen.add(id)
    return true
  }

  private within(traces: readonly TraceSpans[]): TraceSpans[] {
    const { start, end } = this.range
    return traces
      .flatMap((trace) => {
        const time = timeOf(trace)
        return time.start <= end && time.end >= start ? [{ trace, at: time.start }] : []
      })
      .sort((a, b) => (a.at < b.at ? 1 : -1))
      .map(({ trace }) => trace)
  }
}

/** From its first beginning to its last end; without spans it lies in no range. */
function timeOf({ resourceSpans }: TraceSpans): TimeRange {
  let [start, end]: [bigint | undefined, bigint] = [undefined, -1n]
  for (const { scopeSpans } of resourceSpans) {
    for (const { spans } of scopeSpans) {
      for (const { startTimeUnixNano, endTimeUnixNano } of spans) {
        if (start === undefined || startTimeUnixNano < start) start = startTimeUnixNano
        if (endTimeUnixNano > end) end = endTimeUnixNano
      }
    }
  }
  return { start: start ?? 0n, end }
}

const microseconds = (nanos: bigint): number => Number(nanos / 1000n)
