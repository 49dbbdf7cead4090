import type { otlpCommon, otlpTrace } from '@tern/proto'
import type { Attribute } from '../../ports.ts'
import { hexOf } from '../spans/hex.ts'
import { durationOf, rootUnknown, type SpanView } from '../spans/trace-view.ts'
import { text, type Value, valuesOf, whole } from '../spans/value.ts'

/** Reads what a span has under a name. Nothing: it has none. */
export type Reader = (view: SpanView) => readonly Value[]

const none: readonly Value[] = []
const named = (attributes: readonly otlpCommon.KeyValue[], name: string): readonly Value[] => {
  for (const { key, value } of attributes) if (key === name) return valuesOf(value)
  return none
}
const some = (value: string): readonly Value[] => (value === '' ? none : [text(value)])
const duration = (value: bigint): readonly Value[] => [{ type: 'duration', value }]
const statuses = ['unset', 'ok', 'error']
const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']

export const statusOf = (span: otlpTrace.Span): string => statuses[span.status?.code ?? 0] ?? 'unset'
export const kindOf = (span: otlpTrace.Span): string => kinds[span.kind] ?? 'unspecified'

const intrinsics: Readonly<Record<string, Reader>> = {
  duration: ({ span }) => duration(durationOf(span)),
  name: ({ span }) => [text(span.name)],
  status: ({ span }) => [{ type: 'status', value: statusOf(span) }],
  statusMessage: ({ span }) => some(span.status?.message ?? ''),
  kind: ({ span }) => [{ type: 'kind', value: kindOf(span) }],
  childCount: ({ children }) => [whole(children.length)],
  nestedSetLeft: ({ setLeft }) => [whole(setLeft)],
  nestedSetRight: ({ setRight }) => [whole(setRight)],
  nestedSetParent: ({ setParent }) => [whole(setParent)],
  parent: ({ span }) => some(hexOf(span.parentSpanId)),
  rootName: ({ trace }) => [text(trace.root?.span.name ?? rootUnknown)],
  rootServiceName: ({ trace }) => [text(trace.root?.service ?? rootUnknown)],
  traceDuration: ({ trace }) => duration(trace.end - trace.start),
  'trace:id': ({ trace }) => [text(trace.id)],
  'span:id': ({ id }) => [text(id)],
  'span:parentID': ({ span }) => some(hexOf(span.parentSpanId)),
  'event:name': ({ span }) => span.events.map(({ name }) => text(name)),
  'event:timeSinceStart': ({ span }) =>
    span.events.map(({ timeUnixNano }) => ({ type: 'duration', value: timeUnixNano - span.startTimeUnixNano })),
  'link:traceID': ({ span }) => span.links.map(({ traceId }) => text(hexOf(traceId))),
  'link:spanID': ({ span }) => span.links.map(({ spanId }) => text(hexOf(spanId))),
  'instrumentation:name': ({ scope }) => some(scope?.name ?? ''),
  'instrumentation:version': ({ scope }) => some(scope?.version ?? ''),
}

export function readerOf({ scope, name }: Attribute): Reader {
  switch (scope) {
    case 'intrinsic':
      return intrinsics[name] ?? (() => none)
    case 'span':
      return ({ span }) => named(span.attributes, name)
    case 'resource':
      return ({ resource }) => named(resource, name)
    case 'event':
      return ({ span }) => span.events.flatMap(({ attributes }) => named(attributes, name))
    case 'link':
      return ({ span }) => span.links.flatMap(({ attributes }) => named(attributes, name))
    case 'instrumentation':
      return (view) => named(view.scope?.attributes ?? [], name)
    case 'any':
      return ({ span, resource }) => {
        const own = named(span.attributes, name)
        return own.length > 0 ? own : named(resource, name)
      }
  }
}
