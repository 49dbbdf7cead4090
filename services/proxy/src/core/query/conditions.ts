import { parseFilter } from '@tern/mqtt'
import { type message, scan } from '@tern/proto'
import type { Sight } from '../api/message.ts'
import { badField } from '../api/refusal.ts'
import { queryLimits } from './limits.ts'

type Timestamp = { seconds: number; nanos: number }

export type Asked = Readonly<{
  topicFilter: string
  publisherClientId: string
  userProperties: readonly message.UserProperty[]
  payloadContains?: Uint8Array
  includeVoid?: boolean
}>

/** What must hold for a message, checked. Throws a Refusal. */
export function conditionsOf(asked: Asked): scan.ScanConditions {
  const { topicFilter: filter, publisherClientId, userProperties, includeVoid = false } = asked
  const { payloadContains = new Uint8Array() } = asked
  checkFilter('topic_filter', filter)
  checkText('publisher_client_id', publisherClientId)
  if (userProperties.length > queryLimits.userPropertiesMax) {
    const most = `give at most ${queryLimits.userPropertiesMax}`
    throw badField('user_properties', 'TOO_MANY_USER_PROPERTIES', `has ${userProperties.length} entries; ${most}`)
  }
  for (const { name, value } of userProperties) {
    checkText('user_properties', name)
    checkText('user_properties', value)
  }
  if (payloadContains.length > queryLimits.payloadContainsMax) {
    const most = `give at most ${queryLimits.payloadContainsMax}`
    throw badField('payload_contains', 'PAYLOAD_CONTAINS_TOO_LONG', `has ${payloadContains.length} bytes; ${most}`)
  }
  const wanted = { filter, publisherClientId, userProperties: [...userProperties], payloadContains, includeVoid }
  return scan.ScanConditions.create(wanted)
}

/** Empty: every topic. A shared subscription is no filter of a query. */
export function checkFilter(field: string, filter: string): void {
  if (filter === '') return
  const parsed = parseFilter(filter)
  if (parsed === undefined) {
    const shown = filter.length > 100 ? `has ${filter.length} characters and` : `"${filter}"`
    throw badField(
      field,
      'TOPIC_FILTER_INVALID',
      `${shown} is no MQTT topic filter; # stands last, + for a whole level`,
    )
  }
  if (parsed.share !== undefined) {
    throw badField(field, 'TOPIC_FILTER_SHARED', `is a shared subscription; give its filter, "${parsed.filter}"`)
  }
}

function checkText(field: string, text: string): void {
  const bytes = Buffer.byteLength(text)
  if (bytes <= queryLimits.textBytesMax) return
  throw badField(
    field,
    'TEXT_TOO_LONG',
    `has a text of ${bytes} bytes; MQTT knows none above ${queryLimits.textBytesMax}`,
  )
}

export function pageSizeOf(
  asked: number,
  { pageSizeDefault: unlessTold, pageSizeMax }: { pageSizeDefault: number; pageSizeMax: number } = queryLimits,
): number {
  if (asked < 0)
    throw badField('page_size', 'PAGE_SIZE_INVALID', `is ${asked}; give 1 to ${pageSizeMax}, or 0 for ${unlessTold}`)
  return asked === 0 ? unlessTold : Math.min(asked, pageSizeMax)
}

/** Milliseconds, rounded up for what begins or ends there; undefined when it is absent. What lies before 1970 is 1970. */
export function timeOf(field: string, time: Timestamp | undefined): number | undefined {
  if (time === undefined) return undefined
  const { seconds, nanos } = time
  const timeMs = seconds * 1_000 + Math.ceil(nanos / 1_000_000)
  if (nanos < 0 || nanos > 999_999_999 || seconds < firstSecond || seconds > lastSecond) {
    throw badField(field, 'TIMESTAMP_INVALID', 'is no time between the years 1 and 9999')
  }
  return Math.max(0, timeMs)
}

/** Of the years 1 to 9999: what google.protobuf.Timestamp may say. */
const firstSecond = -62_135_596_800
const lastSecond = 253_402_300_799

export function checkRange(startMs: number | undefined, endMs: number | undefined): void {
  if (startMs === undefined || endMs === undefined || startMs <= endMs) return
  throw badField(
    'end_time',
    'TIME_RANGE_INVALID',
    `lies ${startMs - endMs} ms before start_time; give the later one as end_time`,
  )
}

export function sightOf(asked: { view: message.MessageView; payloadPreviewBytes: number }): Sight {
  return { view: asked.view, payloadPreviewBytes: asked.payloadPreviewBytes }
}
