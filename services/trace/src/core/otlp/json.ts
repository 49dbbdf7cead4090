import type { otlpCommon, otlpTrace } from '@tern/proto'
import type { ResourceSpans } from '../../ports.ts'
import { bytesOfHex } from '../spans/hex.ts'
import { bool, double, fieldsOf, int64, list, named, optional, type Read, text, uint32, uint64 } from './json-reader.ts'
import { otlpLimits } from './limits.ts'
import { OtlpProblem } from './problem.ts'

/** Reads a request in the JSON of OTLP: ids in hexadecimal digits, 64-bit numbers in strings. Unknown fields are passed over. */
export function readJson(body: string): ResourceSpans[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch (error) {
    throw new OtlpProblem(`the body is no JSON: ${(error as Error).message.slice(0, 200)}`)
  }
  const { resourceSpans } = fieldsOf(parsed, 'the body')
  return list(readResourceSpans)(resourceSpans, 'resourceSpans')
}

const readResourceSpans: Read<ResourceSpans> = (value, at) => {
  const { resource, scopeSpans, schemaUrl } = fieldsOf(value, at)
  return {
    resource: optional(readResource)(resource, `${at}.resource`),
    scopeSpans: list(readScopeSpans)(scopeSpans, `${at}.scopeSpans`),
    schemaUrl: text(schemaUrl, `${at}.schemaUrl`),
  }
}

const readResource: Read<NonNullable<ResourceSpans['resource']>> = (value, at) => attributed(fieldsOf(value, at), at)

const readScopeSpans: Read<otlpTrace.ScopeSpans> = (value, at) => {
  const { scope, spans, schemaUrl } = fieldsOf(value, at)
  return {
    scope: optional(readScope)(scope, `${at}.scope`),
    spans: list(readSpan)(spans, `${at}.spans`),
    schemaUrl: text(schemaUrl, `${at}.schemaUrl`),
  }
}

const readScope: Read<otlpCommon.InstrumentationScope> = (value, at) => {
  const fields = fieldsOf(value, at)
  return {
    name: text(fields['name'], `${at}.name`),
    version: text(fields['version'], `${at}.version`),
    ...attributed(fields, at),
  }
}

type Fields = Readonly<Record<string, unknown>>

const attributed = (fields: Fields, at: string) => ({
  attributes: list(readKeyValue)(fields['attributes'], `${at}.attributes`),
  droppedAttributesCount: uint32(fields['droppedAttributesCount'], `${at}.droppedAttributesCount`),
})

/** An id that is none is no bytes: such a span is refused alone, and the others are taken. */
const id =
  (bytes: number): Read<Uint8Array> =>
  (value, at) =>
    bytesOfHex(text(value, at), bytes) ?? new Uint8Array()

const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const codes = ['UNSET', 'OK', 'ERROR']

const readSpan: Read<otlpTrace.Span> = (value, at) => {
  const fields = fieldsOf(value, at)
  const of = <Result>(name: string, read: Read<Result>): Result => read(fields[name], `${at}.${name}`)
  return {
    traceId: of('traceId', id(16)),
    spanId: of('spanId', id(8)),
    traceState: of('traceState', text),
    parentSpanId: of('parentSpanId', id(8)),
    flags: of('flags', uint32),
    name: of('name', text),
    kind: of('kind', named('SPAN_KIND_', kinds)) as otlpTrace.Span_SpanKind,
    startTimeUnixNano: of('startTimeUnixNano', uint64),
    endTimeUnixNano: of('endTimeUnixNano', uint64),
    ...attributed(fields, at),
    events: of('events', list(readEvent)),
    droppedEventsCount: of('droppedEventsCount', uint32),
    links: of('links', list(readLink)),
    droppedLinksCount: of('droppedLinksCount', uint32),
    status: of('status', optional(readStatus)),
  }
}

const readEvent: Read<otlpTrace.Span_Event> = (value, at) => {
  const fields = fieldsOf(value, at)
  return {
    timeUnixNano: uint64(fields['timeUnixNano'], `${at}.timeUnixNano`),
    name: text(fields['name'], `${at}.name`),
    ...attributed(fields, at),
  }
}

const readLink: Read<otlpTrace.Span_Link> = (value, at) => {
  const fields = fieldsOf(value, at)
  return {
    traceId: id(16)(fields['traceId'], `${at}.traceId`),
    spanId: id(8)(fields['spanId'], `${at}.spanId`),
    traceState: text(fields['traceState'], `${at}.traceState`),
    flags: uint32(fields['flags'], `${at}.flags`),
    ...attributed(fields, at),
  }
}

const readStatus: Read<otlpTrace.Status> = (value, at) => {
  const { message, code } = fieldsOf(value, at)
  return {
    message: text(message, `${at}.message`),
    code: named('STATUS_CODE_', codes)(code, `${at}.code`) as otlpTrace.Status_StatusCode,
  }
}

const readKeyValue: Read<otlpCommon.KeyValue> = (value, at) => readNested(value, at, 0)

function readNested(keyValue: unknown, at: string, depth: number): otlpCommon.KeyValue {
  const { key, value } = fieldsOf(keyValue, at)
  return { key: text(key, `${at}.key`), value: optional(anyAt(depth))(value, `${at}.value`) }
}

/** The fields of a value, of which the first that is there counts. */
const anyAt =
  (depth: number): Read<otlpCommon.AnyValue> =>
  (value, at) => {
    if (depth > otlpLimits.attributeDepthMax) {
      throw new OtlpProblem(`an attribute is nested more than ${otlpLimits.attributeDepthMax} deep`)
    }
    const fields = fieldsOf(value, at)
    const has = (name: string) => fields[name] !== undefined && fields[name] !== null
    const inner = (name: string) => fieldsOf(fields[name], `${at}.${name}`)['values']
    if (has('stringValue'))
      return { value: { $case: 'stringValue', value: text(fields['stringValue'], `${at}.stringValue`) } }
    if (has('boolValue')) return { value: { $case: 'boolValue', value: bool(fields['boolValue'], `${at}.boolValue`) } }
    if (has('intValue')) return { value: { $case: 'intValue', value: int64(fields['intValue'], `${at}.intValue`) } }
    if (has('doubleValue'))
      return { value: { $case: 'doubleValue', value: double(fields['doubleValue'], `${at}.doubleValue`) } }
    if (has('bytesValue'))
      return { value: { $case: 'bytesValue', value: base64(fields['bytesValue'], `${at}.bytesValue`) } }
    if (has('arrayValue')) {
      const values = list(anyAt(depth + 1))(inner('arrayValue'), `${at}.arrayValue.values`)
      return { value: { $case: 'arrayValue', value: { values } } }
    }
    if (has('kvlistValue')) {
      const read: Read<otlpCommon.KeyValue> = (each, place) => readNested(each, place, depth + 1)
      const values = list(read)(inner('kvlistValue'), `${at}.kvlistValue.values`)
      return { value: { $case: 'kvlistValue', value: { values } } }
    }
    return { value: undefined }
  }

const base64: Read<Uint8Array> = (value, at) => {
  const given = text(value, at)
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(given)) throw new OtlpProblem(`${at} is not in base 64`)
  return Uint8Array.from(atob(given.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
}
