import type { tempopb } from '@tern/proto'
import { knownValues, tagNamed, tagValueOf, tally } from '../../core/search/tags.ts'
import { viewOf } from '../../core/spans/trace-view.ts'
import { compileQuery } from '../../core/traceql/evaluate.ts'
import { hintsOf } from '../../core/traceql/hints.ts'
import { intrinsicNames } from '../../core/traceql/intrinsics.ts'
import { finishedPart } from '../../core/traceql/unfinished.ts'
import { readerOf } from '../../core/traceql/values.ts'
import type { Attribute, TagScope, TimeRange } from '../../ports.ts'
import type { Context } from './context.ts'
import { tempoLimits } from './limits.ts'
import { TempoProblem } from './problem.ts'
import { bounded } from './searching.ts'

const scopes: readonly TagScope[] = ['resource', 'span', 'event', 'link', 'instrumentation']
const noMetrics = (): tempopb.MetadataMetrics => ({
  inspectedBytes: 0n,
  totalJobs: 0,
  completedJobs: 0,
  totalBlocks: 0,
  totalBlockBytes: 0n,
})

type TagsQuestion = Readonly<{ scope: string; limit: number; range: TimeRange }>

/** Names by scope, without their prefix; scopes that have none are left out. */
export async function tagNames(
  { store }: Context,
  { scope, limit, range }: TagsQuestion,
  signal: AbortSignal,
): Promise<tempopb.SearchTagsV2Response> {
  const wanted = scope === '' || scope === 'none' ? [...scopes, 'intrinsic'] : [scope]
  const unknown = wanted.find((each) => each !== 'intrinsic' && !(scopes as readonly string[]).includes(each))
  if (unknown !== undefined) throw new TempoProblem(400, `invalid scope: ${unknown.slice(0, 40)}`)
  const names = { ...(await store.tagNames(range, bounded(signal))), intrinsic: intrinsicNames }
  const found = wanted.map((name) => ({ name, tags: names[name as TagScope].slice(0, limit) }))
  return { scopes: found.filter(({ tags }) => tags.length > 0), metrics: noMetrics() }
}

/** For Grafana 9 to 12.2 where the second version fails: names alone. */
export async function tagNamesV1(context: Context, question: TagsQuestion, signal: AbortSignal) {
  const { scopes: found, metrics } = await tagNames(context, question, signal)
  return { tagNames: [...new Set(found.flatMap(({ tags }) => tags))].slice(0, question.limit), metrics }
}

export type ValuesQuestion = Readonly<{ tag: string; query: string; limit: number; range: TimeRange }>

/** A tag that there is not has no values, which is no error: Grafana also asks for `span.undefined`. */
export async function tagValues(
  context: Context,
  question: ValuesQuestion,
  signal: AbortSignal,
): Promise<tempopb.SearchTagValuesV2Response> {
  const attribute = tagNamed(question.tag)
  const values = attribute === undefined ? [] : await valuesOf(context, attribute, question, signal)
  return { tagValues: [...values], metrics: noMetrics() }
}

export async function tagValuesV1(context: Context, question: ValuesQuestion, signal: AbortSignal) {
  const tag = tagNamed(question.tag) === undefined ? `.${question.tag}` : question.tag
  const { tagValues: found, metrics } = await tagValues(context, { ...question, tag }, signal)
  return { tagValues: found.map(({ value }) => value), metrics }
}

async function valuesOf(
  context: Context,
  attribute: Attribute,
  { query, limit, range }: ValuesQuestion,
  signal: AbortSignal,
): Promise<readonly tempopb.TagValue[]> {
  const known = knownValues(attribute)
  if (known !== undefined) return known.slice(0, limit)
  const finished = query.trim() === '' ? undefined : finishedPart(query)
  const isCondition = finished !== undefined && !hintsOf(finished).alternatives.some((each) => each.length === 0)
  const listed = isCondition ? undefined : await context.store.tagValues(attribute, range, limit, bounded(signal))
  if (listed !== undefined) return listed.flatMap((value) => (value.type === 'nil' ? [] : tagValueOf(value)))
  return sampled(context, attribute, finished ?? { stages: [] }, { limit, range }, signal)
}

/** Values of the spans that a query finds, in as many traces as there is time for. */
async function sampled(
  { store, searches }: Context,
  attribute: Attribute,
  query: Parameters<typeof compileQuery>[0],
  { limit, range }: Readonly<{ limit: number; range: TimeRange }>,
  signal: AbortSignal,
): Promise<readonly tempopb.TagValue[]> {
  const evaluate = compileQuery(query)
  const read = readerOf(attribute)
  const found = tally()
  const time = bounded(signal, tempoLimits.sampleMsMax)
  let left: number = tempoLimits.sampledTracesMax
  const leave = searches.enter()
  try {
    for await (const { traces } of store.search({ range, hints: hintsOf(query) }, time)) {
      for (const trace of traces) {
        const view = viewOf(trace)
        const spans = view === undefined ? [] : evaluate(view).flatMap((set) => set.spans)
        for (const value of spans.flatMap(read)) if (found.size() < tempoLimits.tagsMax) found.add(value)
        left -= 1
      }
      if (left <= 0 || time.aborted) break
    }
  } catch (error) {
    // What was found until now is an answer, unless nobody waits for it any more.
    if (signal.aborted || !time.aborted) throw error
  } finally {
    leave()
  }
  return found.top(limit).map(tagValueOf)
}
