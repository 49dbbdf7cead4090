import { isValidString, parseFilter } from '@tern/mqtt'
import { message, messaging } from '@tern/proto'
import { badField } from '../api/refusal.ts'
import { timeOf } from '../query/conditions.ts'
import { decodeCursor } from '../query/places.ts'
import { streamLimits } from './limits.ts'

type Open = messaging.SubscribeRequest_Open
type Duration = Readonly<{ seconds: number; nanos: number }>

/** Where filters begin that the session does not hold yet. */
export type StreamStart =
  | Readonly<{ at: 'latest' }>
  | Readonly<{ at: 'earliest' }>
  | Readonly<{ at: 'time'; timeMs: number }>
  | Readonly<{ at: 'cursor'; positions: ReadonlyMap<number, number> }>

/** A subscription, checked. */
export type StreamPlan = Readonly<{
  /** Empty: one is drawn. */
  clientId: string
  /** Whole filters: with a group "$share/<group>/<filter>". */
  filters: readonly string[]
  start: StreamStart
  isAutomatic: boolean
  ackDeadlineMs: number
  messagesMax: number
  bytesMax: number
  /** Undefined: the window alone holds deliveries back. */
  credit: number | undefined
  expirySeconds: number
  userProperties: readonly message.UserProperty[]
  withRetained: boolean
}>

/** Throws a Refusal that names the field. */
export function streamPlanOf(open: Open): StreamPlan {
  const { subscriberId, group, userProperties, ackMode, flowControl, noRetained } = open
  checkName('open.subscriber_id', subscriberId)
  if (userProperties.length > streamLimits.userPropertiesMax) {
    const { userPropertiesMax } = streamLimits
    throw invalid('user_properties', `has ${userProperties.length} entries; give at most ${userPropertiesMax}`)
  }
  const { window } = streamLimits
  const given = flowControl?.$case === 'window' ? flowControl.value : undefined
  const expiryMs = millisOf(open.sessionExpiry, subscriberId === '' ? 0 : streamLimits.sessionExpiryMs.usual)
  return {
    clientId: subscriberId,
    filters: filtersOf(open.topicFilters, group),
    start: startOf(open.start),
    isAutomatic: ackMode === messaging.AckMode.AUTO,
    ackDeadlineMs: ackDeadlineOf('open.ack_deadline', open.ackDeadline),
    messagesMax: within(
      'window.max_unacked_messages',
      given?.maxUnackedMessages || window.messages,
      window.messagesMax,
    ),
    bytesMax: within('window.max_unacked_bytes', given?.maxUnackedBytes || window.bytes, window.bytesMax),
    credit: flowControl?.$case === 'manual' ? flowControl.value.messages : undefined,
    expirySeconds: Math.ceil(expiryMs / 1_000),
    userProperties,
    withRetained: !noRetained,
  }
}

/** As that of the open, of an extension. */
export function ackDeadlineOf(field: string, given: Duration | undefined): number {
  const { least, usual, most } = streamLimits.ackDeadlineMs
  const millis = millisOf(given, usual)
  if (millis >= least && millis <= most) return millis
  throw badField(
    field,
    'SUBSCRIPTION_INVALID',
    `is ${millis / 1_000} s; give ${least / 1_000} s to ${most / 60_000} min`,
  )
}

export const millisOf = (given: Duration | undefined, otherwise: number): number =>
  given === undefined ? otherwise : given.seconds * 1_000 + given.nanos / 1e6

function filtersOf(filters: readonly string[], group: string): string[] {
  const { filtersMax } = streamLimits
  if (filters.length === 0 || filters.length > filtersMax) {
    throw badField('open.topic_filters', 'TOO_MANY_FILTERS', `has ${filters.length} entries; give 1 to ${filtersMax}`)
  }
  if (group !== '' && !/^[^/+#\0]{1,256}$/.test(group)) {
    throw invalid('group', 'is no name of a group; give 1 to 256 characters without /, + and #')
  }
  return filters.map((filter, i) => {
    const parsed = parseFilter(filter)
    if (parsed === undefined || parsed.share !== undefined) {
      const how = parsed === undefined ? 'is no MQTT topic filter' : 'is shared; leave $share/ out and name the group'
      throw badField(`open.topic_filters[${i}]`, 'TOPIC_FILTER_INVALID', how)
    }
    return group === '' ? filter : `$share/${group}/${filter}`
  })
}

function startOf(start: message.StartPosition | undefined): StreamStart {
  const at = start?.at
  const { EARLIEST } = message.StartPosition_Anchor
  if (at?.$case === 'time') return { at: 'time', timeMs: timeOf('open.start.time', at.value) ?? 0 }
  if (at?.$case === 'anchor' && at.value === EARLIEST) return { at: 'earliest' }
  if (at?.$case !== 'cursor') return { at: 'latest' }
  const positions = decodeCursor(at.value)
  if (positions === undefined) throw badField('open.start.cursor', 'CURSOR_INVALID', 'is none that a stream gave')
  return { at: 'cursor', positions }
}

function checkName(field: string, name: string): void {
  const { nameBytesMax } = streamLimits
  if (!isValidString(name) || Buffer.byteLength(name) > nameBytesMax) {
    throw badField(field, 'SUBSCRIPTION_INVALID', `is no client id; give at most ${nameBytesMax} bytes without NUL`)
  }
}

function within(field: string, given: number, most: number): number {
  if (given <= most) return given
  throw invalid(field, `is ${given}; give at most ${most}`)
}

const invalid = (field: string, words: string) => badField(`open.${field}`, 'SUBSCRIPTION_INVALID', words)
