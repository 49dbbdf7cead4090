import { entryKind } from '@tern/record'
import type { Place } from '../../core/index/context-ids.ts'
import type { Story } from '../../core/story/story.ts'
import type { ResourceSpans, TraceId } from '../../ports.ts'
import { type Stories, type StoriesOptions, toldIn } from './stories.ts'

/** What a trace consists of: messages of ours, and spans that others sent. */
export type TraceParts = Readonly<{ stories: readonly Story[]; foreign: readonly ResourceSpans[] }>

/** All that is known under a trace id. */
export async function partsOf(
  options: StoriesOptions,
  stories: Stories,
  id: TraceId,
  signal: AbortSignal,
): Promise<TraceParts> {
  const found: Story[] = []
  const foreign: ResourceSpans[] = []
  const address = options.traceIds.addressOfTrace(id)
  if (address !== undefined) {
    const ofAddress = await stories.of(address.queue, new Set([address.position]), signal)
    // Under its address, whatever context its publisher brought.
    found.push(...ofAddress.map((story) => ({ ...story, traceId: id })))
  }
  for (const place of options.index.placesOf(id)) {
    signal.throwIfAborted()
    await addPlace(options, stories, id, place, { found, foreign })
  }
  return { stories: uniqueOf(found), foreign }
}

async function addPlace(
  { records }: StoriesOptions,
  stories: Stories,
  id: TraceId,
  { queue, offset }: Place,
  into: { found: Story[]; foreign: ResourceSpans[] },
): Promise<void> {
  for (const placed of await records.read(queue, offset, offset + 1, 0)) {
    if (placed.record.kind === 'spans') {
      if (placed.record.traceId === id) into.foreign.push(...placed.record.resourceSpans())
      continue
    }
    const mine = toldIn(placed, queue).filter(({ context }) => context?.traceId === id)
    const positions = new Set(mine.flatMap(({ position }) => (position < 0 ? [] : [position])))
    if (positions.size > 0) {
      into.found.push(...(await stories.of(queue, positions)).map((story) => ({ ...story, traceId: id })))
    }
    for (const refused of mine) {
      if (refused.position >= 0 || refused.kind !== entryKind.publishRefused) continue
      into.found.push({ traceId: id, queue, position: -1, message: undefined, told: [refused], incomplete: false })
    }
  }
}

const uniqueOf = (stories: readonly Story[]): Story[] => [
  ...new Map(
    stories.map((story) => [
      `${story.queue}/${story.position}/${story.position < 0 ? story.told[0]?.startUs : ''}`,
      story,
    ]),
  ).values(),
]
