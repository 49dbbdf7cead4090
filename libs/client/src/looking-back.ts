import { message, messaging } from '@tern/proto'
import { timestampOf } from './time.ts'

/** What the client needs of the region to look back. */
export type Looking = Readonly<{
  get(request: messaging.GetMessageRequest): Promise<messaging.GetMessageResponse>
  query(request: messaging.QueryMessagesRequest): Promise<messaging.QueryMessagesResponse>
  replay(request: messaging.ReplayMessagesRequest): AsyncIterable<messaging.ReplayMessagesResponse>
}>

export type QueryOptions = Readonly<{
  from?: Date
  until?: Date
  publisher?: string
  userProperties?: readonly message.UserProperty[]
  /** Bytes, or text, that the payload holds. */
  contains?: string | Uint8Array
  newestFirst?: boolean
}>

export type ReplayOptions = Readonly<{
  /** The oldest message that is kept, unless told; a cursor is one that an earlier replay gave. */
  start?: 'earliest' | 'latest' | Date | Readonly<{ cursor: string }>
  publisher?: string
  userProperties?: readonly message.UserProperty[]
  /** Goes on with what comes. */
  follow?: boolean
}>

/** Stored messages, page after page, as they are asked for. */
export async function* queryAll(
  looking: Looking,
  topicFilter: string,
  { from, until, publisher = '', userProperties = [], contains = '', newestFirst = false }: QueryOptions,
): AsyncGenerator<message.Message> {
  const request = messaging.QueryMessagesRequest.fromPartial({
    ...{ topicFilter, publisherClientId: publisher, userProperties: [...userProperties], newestFirst },
    payloadContains: Buffer.from(contains),
    ...(from && { startTime: timestampOf(from) }),
    ...(until && { endTime: timestampOf(until) }),
  })
  let pageToken = ''
  do {
    const { messages, nextPageToken } = await looking.query({ ...request, pageToken })
    yield* messages
    pageToken = nextPageToken
  } while (pageToken !== '')
}

/** A stored message, and with the last one of an answer where to go on after it. */
export type Replayed = Readonly<{ message: message.Message; cursor: string | undefined }>

/** Everything that fits from a start, in the order of each queue. */
export async function* replayAll(
  looking: Looking,
  topicFilter: string,
  { start = 'earliest', publisher = '', userProperties = [], follow = false }: ReplayOptions,
): AsyncGenerator<Replayed> {
  const request = messaging.ReplayMessagesRequest.fromPartial({
    ...{ topicFilter, publisherClientId: publisher, userProperties: [...userProperties], follow },
    start: { at: placeOf(start) },
  })
  for await (const { messages, cursor } of looking.replay(request)) {
    const last = messages.length - 1
    for (const [i, each] of messages.entries()) yield { message: each, cursor: i === last ? cursor : undefined }
  }
}

function placeOf(start: NonNullable<ReplayOptions['start']>): NonNullable<message.StartPosition['at']> {
  const { EARLIEST, LATEST } = message.StartPosition_Anchor
  if (start instanceof Date) return { $case: 'time', value: timestampOf(start) }
  if (typeof start === 'object') return { $case: 'cursor', value: start.cursor }
  return { $case: 'anchor', value: start === 'earliest' ? EARLIEST : LATEST }
}
