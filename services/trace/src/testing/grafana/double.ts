import { tempopb } from '@tern/proto'
import { shapes } from './strict.ts'

/** What a data source knows of its server: an address that answers GET, and streams of gRPC at the same address. */
export type Server = Readonly<{
  get(
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Readonly<{ status: number; body: Buffer; contentType: string }>>
  /** `tempopb.StreamingQuerier/{call}`: bytes in, bytes out. */
  stream(call: string, request: Uint8Array): AsyncIterable<Uint8Array>
}>

/** What differs between the versions of Grafana, of what they ask and how they read it. */
export type Profile = Readonly<{
  name: string
  /** The version that trace by id is asked in first; the other way is only taken after a 404. */
  traceFirst: 'v1' | 'v2'
  traceFallback: boolean
  /** The back end decodes JSON of searches strictly; before 12.3 the browser read it as it came. */
  strictSearch: boolean
  tagsFallback: boolean
  tagEncodings: 1 | 2
  /** Streaming is used only when buildinfo names at least this version. */
  streamsFrom: readonly [number, number] | undefined
  /** Save & test also opens a stream. */
  testsStream: boolean
}>

export const profiles: readonly Profile[] = [
  {
    ...{ name: 'Grafana 10', traceFirst: 'v1', traceFallback: false, strictSearch: false, tagsFallback: true },
    ...{ tagEncodings: 2, streamsFrom: [2, 2], testsStream: false },
  },
  {
    ...{ name: 'Grafana 11', traceFirst: 'v2', traceFallback: true, strictSearch: false, tagsFallback: true },
    ...{ tagEncodings: 2, streamsFrom: [2, 2], testsStream: false },
  },
  {
    ...{ name: 'Grafana 12.2', traceFirst: 'v2', traceFallback: true, strictSearch: false, tagsFallback: true },
    ...{ tagEncodings: 2, streamsFrom: undefined, testsStream: false },
  },
  {
    ...{ name: 'Grafana 12.3 to 13', traceFirst: 'v2', traceFallback: true, strictSearch: true, tagsFallback: false },
    ...{ tagEncodings: 1, streamsFrom: undefined, testsStream: true },
  },
]

const json = { accept: 'application/json', 'user-agent': 'Grafana/12.3.0' }
const protobuf = { accept: 'application/protobuf', 'user-agent': 'Grafana/12.3.0' }
/** What Grafana's gRPC client takes is 4 MiB; Tempo sends 1 MiB at most. */
const streamMessageBytesMax = 1024 * 1024

type SearchOptions = Readonly<{ limit?: number; spansPerSet?: number; start?: number; end?: number }>

/** The Tempo data source, as far as its server can tell. It fails where the real one would, in words. */
export class GrafanaDouble {
  readonly #server: Server
  readonly #profile: Profile

  constructor(server: Server, profile: Profile) {
    this.#server = server
    this.#profile = profile
  }

  /** Save & test. */
  async health(): Promise<void> {
    const { status } = await this.#server.get('/api/echo', {})
    if (status !== 200) throw new Error(`api/echo answered ${status}`)
    if (this.#profile.testsStream) await this.searchStream('{}', { limit: 1 })
  }

  async trace(id: string): Promise<readonly Readonly<{ service: string; spans: number }>[]> {
    if (!/^[0-9A-Fa-f]+$/.test(id)) throw new Error('invalid trace id')
    if (this.#profile.traceFirst === 'v2') {
      const { status, body } = await this.#server.get(`/api/v2/traces/${id}`, protobuf)
      if (status === 200) return framed(traceIn(tempopb.TraceByIDResponse.decode(body)))
      if (status !== 404 || !this.#profile.traceFallback) throw new Error(`${status}: ${body}`)
    }
    const { status, body } = await this.#server.get(`/api/traces/${id}`, protobuf)
    if (status !== 200) throw new Error(`${status}: ${body}`)
    return framed(tempopb.Trace.decode(body).resourceSpans)
  }

  async search(q: string, options: SearchOptions = {}): Promise<readonly SearchRow[]> {
    const query = new URLSearchParams({
      q,
      limit: `${options.limit ?? 20}`,
      spss: `${options.spansPerSet ?? 3}`,
      ...(options.start === undefined ? {} : { start: `${options.start}`, end: `${options.end}` }),
    })
    const { traces } = await this.#json(
      `/api/search?${query}`,
      this.#profile.strictSearch ? 'SearchResponse' : undefined,
    )
    return (traces as readonly SearchRow[] | undefined) ?? []
  }

  /** Reads the whole stream, as the panel does: the first copy of a trace is kept. */
  async searchStream(query: string, options: SearchOptions = {}): Promise<Streamed> {
    const request = tempopb.SearchRequest.fromPartial({
      Query: query,
      Limit: options.limit ?? 20,
      SpansPerSpanSet: options.spansPerSet ?? 3,
      start: options.start ?? Math.floor(Date.now() / 1000) - 900,
      end: options.end ?? Math.floor(Date.now() / 1000),
    })
    const kept = new Map<string, tempopb.TraceSearchMetadata>()
    const progress: string[] = []
    for await (const bytes of this.#server.stream('Search', tempopb.SearchRequest.encode(request).finish())) {
      if (bytes.length > streamMessageBytesMax) throw new Error(`a message of ${bytes.length} bytes`)
      const { traces, metrics } = tempopb.SearchResponse.decode(bytes)
      // The front end reads metrics.totalBlocks unguarded.
      if (metrics === undefined) throw new Error("Cannot read properties of null (reading 'totalBlocks')")
      progress.push(`${metrics.completedJobs}/${metrics.totalJobs}`)
      for (const trace of traces) {
        if (kept.has(trace.traceID))
          throw new Error(`trace ${trace.traceID} came twice, and its second copy is not shown`)
        kept.set(trace.traceID, trace)
      }
    }
    return { traces: [...kept.values()], progress }
  }

  async canStream(): Promise<boolean> {
    if (this.#profile.streamsFrom === undefined) return true
    const { version } = await this.#json('/api/status/buildinfo', undefined)
    const [major = 0, minor = 0] = `${version}`.split('.').map(Number)
    const [wantedMajor, wantedMinor] = this.#profile.streamsFrom
    return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
  }

  /** Names as the editor lists them: with their scopes. */
  async tags(): Promise<readonly string[]> {
    const { scopes } = await this.#json('/api/v2/search/tags?limit=5000', 'SearchTagsV2Response')
    return (scopes as readonly tempopb.SearchTagsV2Scope[]).flatMap(({ name, tags }) =>
      tags.map((tag) => (name === 'intrinsic' ? tag : `${name}.${tag}`)),
    )
  }

  async values(tag: string, query = ''): Promise<readonly tempopb.TagValue[]> {
    const encoded =
      this.#profile.tagEncodings === 2 ? encodeURIComponent(encodeURIComponent(tag)) : encodeURIComponent(tag)
    const parameters = new URLSearchParams({ q: query, tag, limit: '5000' })
    const path = `/api/v2/search/tag/${encoded}/values?${parameters}`
    const { tagValues } = await this.#json(path, 'SearchTagValuesV2Response')
    return tagValues as readonly tempopb.TagValue[]
  }

  /** What is asked where the second version of tags fails. */
  async valuesV1(tag: string): Promise<readonly string[]> {
    if (!this.#profile.tagsFallback) throw new Error(`${this.#profile.name} asks the second version only`)
    const found = await this.#json(`/api/search/tag/${encodeURIComponent(tag)}/values`, 'SearchTagValuesResponse')
    return found['tagValues'] as readonly string[]
  }

  async tagsV1(): Promise<readonly string[]> {
    return (await this.#json('/api/search/tags', 'SearchTagsResponse'))['tagNames'] as readonly string[]
  }

  async overTime(q: string, start: number, end: number, step: string) {
    const parameters = new URLSearchParams({ q, start: `${start}`, end: `${end}`, step })
    const found = await this.#json(`/api/metrics/query_range?${parameters}`, 'QueryRangeResponse')
    return found['series'] as readonly PlainSeries[]
  }

  async instant(q: string, start: number, end: number) {
    const parameters = new URLSearchParams({ q, start: `${start}`, end: `${end}` })
    const found = await this.#json(`/api/metrics/query?${parameters}`, 'QueryInstantResponse')
    return found['series'] as readonly Readonly<{ labels: readonly PlainLabel[]; value: number }>[]
  }

  async #json(path: string, shape: keyof typeof shapes | undefined): Promise<Record<string, unknown>> {
    const { status, body, contentType } = await this.#server.get(path, json)
    if (status !== 200) throw new Error(`${status}: ${body}`)
    if (!contentType.startsWith('application/json')) throw new Error(`content type ${contentType}`)
    const value = JSON.parse(`${body}`)
    if (shape !== undefined) shapes[shape](value, shape)
    return value
  }
}

export type PlainLabel = Readonly<{ key: string; value: Readonly<Record<string, unknown>> }>
export type PlainSeries = Readonly<{
  labels: readonly PlainLabel[]
  samples: readonly Readonly<{ timestampMs: string; value: number }>[]
}>
export type Streamed = Readonly<{ traces: readonly tempopb.TraceSearchMetadata[]; progress: readonly string[] }>
export type SearchRow = Readonly<{
  traceID: string
  rootServiceName: string
  rootTraceName: string
  startTimeUnixNano: string
  durationMs: number
  spanSets: readonly Readonly<{
    matched: number
    spans: readonly Readonly<{ spanID: string; name: string; attributes: readonly PlainLabel[] }>[]
    attributes: readonly PlainLabel[]
  }>[]
}>

function traceIn({ trace }: tempopb.TraceByIDResponse): tempopb.Trace['resourceSpans'] {
  if (trace === undefined) throw new Error('runtime error: invalid memory address: Trace is nil')
  return trace.resourceSpans
}

/** Reads spans as the back end does, which looks into resource, scope and status without asking whether they are there. */
function framed(resourceSpans: tempopb.Trace['resourceSpans']) {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    if (resource === undefined) throw new Error('runtime error: invalid memory address: Resource is nil')
    // Dropped without a word, so that a span is missing on the screen.
    if (resource.attributes.length === 0) throw new Error('a resource without attributes is not shown')
    const service = resource.attributes.find(({ key }) => key === 'service.name')?.value?.value?.value
    for (const { scope, spans } of scopeSpans) {
      if (scope === undefined) throw new Error('runtime error: invalid memory address: Scope is nil')
      if (spans.some(({ status }) => status === undefined)) {
        throw new Error('runtime error: invalid memory address: Status is nil')
      }
    }
    return [{ service: `${service}`, spans: scopeSpans.reduce((total, { spans }) => total + spans.length, 0) }]
  })
}
