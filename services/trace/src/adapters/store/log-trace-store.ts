import { otlpOf } from '../../core/story/otlp.ts'
import { spansOf } from '../../core/story/render.ts'
import type { Story } from '../../core/story/story.ts'
import type {
  ResourceSpans,
  SearchRequest,
  SearchStep,
  TagNames,
  TimeRange,
  TraceId,
  TraceSpans,
  TraceStore,
} from '../../ports.ts'
import { searchSteps } from './search.ts'
import { Stories, type StoriesOptions } from './stories.ts'
import { knownTagNames } from './tag-names.ts'
import { partsOf, type TraceParts } from './trace-parts.ts'

/** Traces as the log has them: messages and the delivery ledger, rendered when they are read, and spans that others sent. */
export class LogTraceStore implements TraceStore {
  readonly stories: Stories
  private readonly options: StoriesOptions

  constructor(options: StoriesOptions) {
    this.options = options
    this.stories = new Stories(options)
  }

  parts(id: TraceId, signal: AbortSignal): Promise<TraceParts> {
    return partsOf(this.options, this.stories, id, signal)
  }

  async trace(id: TraceId, signal: AbortSignal): Promise<readonly ResourceSpans[]> {
    const { stories, foreign } = await this.parts(id, signal)
    return [...stories.flatMap((story) => otlpOf(id, spansOf(story))), ...foreign]
  }

  search(request: SearchRequest, signal: AbortSignal): AsyncIterable<SearchStep> {
    return searchSteps(this.options, this, request, signal)
  }

  /** With all its spans, whoever sent them. */
  async whole(story: Story, signal: AbortSignal): Promise<TraceSpans> {
    const { traceId: id } = story
    const isAlone = this.options.index.placesOf(id).length === 0
    return { id, resourceSpans: isAlone ? otlpOf(id, spansOf(story)) : await this.trace(id, signal) }
  }

  tagNames(range: TimeRange, signal: AbortSignal): Promise<TagNames> {
    return knownTagNames(this, range, signal)
  }

  /** They are taken from traces that a search finds: no list is kept of millions of clients and topics. */
  tagValues(): Promise<undefined> {
    return Promise.resolve(undefined)
  }
}
