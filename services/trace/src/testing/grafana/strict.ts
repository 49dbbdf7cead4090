/** Decodes the JSON of protobuf as strictly as the data source of Grafana does: what is not in the contract is an error. */
export type Decode = (value: unknown, at: string) => void

function refuse(at: string, wanted: string, value: unknown): never {
  throw new Error(`${at}: wanted ${wanted}, got ${JSON.stringify(value)?.slice(0, 200)}`)
}

export const message =
  (fields: Readonly<Record<string, Decode>>): Decode =>
  (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(at, 'an object', value)
    for (const [name, field] of Object.entries(value)) {
      const decode = fields[name]
      if (decode === undefined) throw new Error(`${at}: unknown field "${name}"`)
      decode(field, `${at}.${name}`)
    }
  }

export const list =
  (of: Decode): Decode =>
  (value, at) => {
    if (!Array.isArray(value)) refuse(at, 'a list', value)
    for (const [index, each] of value.entries()) of(each, `${at}[${index}]`)
  }

export const map =
  (of: Decode): Decode =>
  (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(at, 'an object', value)
    for (const [key, each] of Object.entries(value)) of(each, `${at}.${key}`)
  }

export const text: Decode = (value, at) => {
  if (typeof value !== 'string') refuse(at, 'a string', value)
}
export const uint32: Decode = (value, at) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffffffff)
    refuse(at, 'a uint32', value)
}
export const uint64: Decode = (value, at) => {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) refuse(at, 'a uint64 in a string', value)
}
export const double: Decode = (value, at) => {
  if (typeof value !== 'number') refuse(at, 'a number', value)
}
export const oneOf =
  (...names: readonly string[]): Decode =>
  (value, at) => {
    if (!names.includes(value as string)) refuse(at, names.join(' or '), value)
  }

const int64: Decode = (value, at) => {
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) refuse(at, 'an int64 in a string', value)
}
const bool: Decode = (value, at) => {
  if (typeof value !== 'boolean') refuse(at, 'a boolean', value)
}

const anyValue: Decode = (value, at) =>
  message({ stringValue: text, boolValue: bool, intValue: int64, doubleValue: double, arrayValue: array })(value, at)
const array: Decode = (value, at) => message({ values: list(anyValue) })(value, at)
const keyValue = message({ key: text, value: anyValue })
const span = message({
  spanID: text,
  name: text,
  startTimeUnixNano: uint64,
  durationNanos: uint64,
  attributes: list(keyValue),
})
const spanSet = message({ spans: list(span), matched: uint32, attributes: list(keyValue) })
const searchMetrics = message({
  inspectedTraces: uint32,
  inspectedBytes: uint64,
  totalBlocks: uint32,
  completedJobs: uint32,
  totalJobs: uint32,
  totalBlockBytes: uint64,
  inspectedSpans: uint64,
})
const metadataMetrics = message({
  inspectedBytes: uint64,
  totalJobs: uint32,
  completedJobs: uint32,
  totalBlocks: uint32,
  totalBlockBytes: uint64,
})
const partial = { status: oneOf('COMPLETE', 'PARTIAL'), message: text, metrics: searchMetrics }
const exemplar = message({ labels: list(keyValue), value: double, timestampMs: int64 })

/** The messages of tempopb, in the revision of May 2025 that is built into the data source. */
export const shapes = {
  SearchResponse: message({
    traces: list(
      message({
        traceID: text,
        rootServiceName: text,
        rootTraceName: text,
        startTimeUnixNano: uint64,
        durationMs: uint32,
        spanSet,
        spanSets: list(spanSet),
        serviceStats: map(message({ spanCount: uint32, errorCount: uint32 })),
      }),
    ),
    metrics: searchMetrics,
  }),
  SearchTagsResponse: message({ tagNames: list(text), metrics: metadataMetrics }),
  SearchTagsV2Response: message({ scopes: list(message({ name: text, tags: list(text) })), metrics: metadataMetrics }),
  SearchTagValuesResponse: message({ tagValues: list(text), metrics: metadataMetrics }),
  SearchTagValuesV2Response: message({
    tagValues: list(message({ type: text, value: text })),
    metrics: metadataMetrics,
  }),
  QueryRangeResponse: message({
    series: list(
      message({
        labels: list(keyValue),
        samples: list(message({ timestampMs: int64, value: double })),
        promLabels: text,
        exemplars: list(exemplar),
      }),
    ),
    ...partial,
  }),
  QueryInstantResponse: message({
    series: list(message({ labels: list(keyValue), value: double, promLabels: text })),
    ...partial,
  }),
} as const
