import type { RpcStatus } from '@tern/rpc'

type Reason = Readonly<{ code: RpcStatus; text: string }>

/**
 * Every reason that the public API gives, with its code and what its caller does about it. Published as docs/errors.md; a reason
 * is never taken away and never changes its code.
 */
export const reasons = {
  MESSAGE_MALFORMED: {
    code: 'INVALID_ARGUMENT',
    text: 'The bytes are no message of the method: send what its contract says.',
  },
  FIELD_INVALID: { code: 'INVALID_ARGUMENT', text: 'A field has a value that it cannot have: the details name it.' },
  FIELD_UNKNOWN: { code: 'INVALID_ARGUMENT', text: 'A JSON field has no such name in the contract: correct it.' },
  REQUEST_INCOMPLETE: {
    code: 'INVALID_ARGUMENT',
    text: 'The call brought no message, too many, or did not end in time.',
  },
  METADATA_INVALID: { code: 'INVALID_ARGUMENT', text: 'A header cannot be read: the metadata of the error names it.' },
  PAGE_TOKEN_INVALID: {
    code: 'INVALID_ARGUMENT',
    text: 'The page token is older than an hour, was changed, or is of another question: ask for the first page again.',
  },
  PAGE_SIZE_INVALID: { code: 'INVALID_ARGUMENT', text: 'The page size is negative or above the limit of the call.' },
  FILTER_INVALID: {
    code: 'INVALID_ARGUMENT',
    text: 'The filter names what it does not know: see the comment of the method.',
  },
  TOPIC_INVALID: {
    code: 'INVALID_ARGUMENT',
    text: 'No MQTT topic name to publish to: no wildcards, no NUL, at most 65,535 bytes.',
  },
  TOPIC_FILTER_INVALID: {
    code: 'INVALID_ARGUMENT',
    text: 'No MQTT topic filter: + and # stand for whole levels, # at the end.',
  },
  TOPIC_FILTER_SHARED: {
    code: 'INVALID_ARGUMENT',
    text: 'A shared subscription where a plain filter is wanted: leave $share/group/ out.',
  },
  MESSAGE_ID_INVALID: { code: 'INVALID_ARGUMENT', text: 'No message id: they look like 7-1042, queue and position.' },
  CURSOR_INVALID: { code: 'INVALID_ARGUMENT', text: 'The cursor is none that this call gave: give one as it came.' },
  ANCHOR_INVALID: { code: 'INVALID_ARGUMENT', text: 'The start position is one that this call does not know.' },
  TIMESTAMP_INVALID: { code: 'INVALID_ARGUMENT', text: 'No time between the years 1 and 9999.' },
  TIME_RANGE_INVALID: { code: 'INVALID_ARGUMENT', text: 'The range ends before it begins.' },
  TEXT_TOO_LONG: {
    code: 'INVALID_ARGUMENT',
    text: 'A text is longer than the call takes: the message says how long it may be.',
  },
  TOO_MANY_USER_PROPERTIES: { code: 'INVALID_ARGUMENT', text: 'More user properties than a question may have.' },
  PAYLOAD_CONTAINS_TOO_LONG: { code: 'INVALID_ARGUMENT', text: 'The piece of payload to look for is too long.' },
  TEXT_INVALID: {
    code: 'INVALID_ARGUMENT',
    text: 'A text that MQTT cannot carry: well-formed, without NUL, at most 65,535 bytes.',
  },
  TOPIC_RESERVED: { code: 'INVALID_ARGUMENT', text: 'Only the region publishes to topics that begin with $SYS/.' },
  PAYLOAD_FORMAT_INVALID: { code: 'INVALID_ARGUMENT', text: 'The payload is no UTF-8, as its format says it is.' },
  PAYLOAD_TOO_LARGE: {
    code: 'INVALID_ARGUMENT',
    text: 'A message with its properties is above the limit that GetServerInfo tells.',
  },
  TRACEPARENT_INVALID: { code: 'INVALID_ARGUMENT', text: 'No W3C Trace Context: leave it out to begin a trace.' },
  EXPIRY_INVALID: { code: 'INVALID_ARGUMENT', text: 'A message expires in 0 to 4,294,967,295 seconds, or never.' },
  TOO_MANY_MESSAGES: {
    code: 'INVALID_ARGUMENT',
    text: 'A batch holds 1 to 1,000 messages: send several, or a PublishStream.',
  },
  TOO_MANY_FILTERS: { code: 'INVALID_ARGUMENT', text: 'A subscription has 1 to 100 filters.' },
  STREAM_NOT_OPENED: { code: 'INVALID_ARGUMENT', text: 'The first frame of a stream is its open, and none after it.' },
  SEQUENCE_NOT_RISING: {
    code: 'INVALID_ARGUMENT',
    text: 'Each item of a stream has a greater sequence than the one before it.',
  },
  ORIGIN_REFUSED: {
    code: 'INVALID_ARGUMENT',
    text: 'A page of another site sent the request: such may only call what asks first (CORS).',
  },
  SUBSCRIPTION_INVALID: {
    code: 'INVALID_ARGUMENT',
    text: 'The open of a subscription asks for what there is not: the details name the field.',
  },
  SUPERSEDED: {
    code: 'ABORTED',
    text: 'The client has a newer connection, a stream or one of MQTT: two programs use one subscriber id.',
  },
  STREAM_ENDED: { code: 'ABORTED', text: 'The region ended the stream: the message says why. Open another one.' },
  SESSION_REFUSED: { code: 'UNAVAILABLE', text: 'The home of the client refused the session for now: try again.' },
  SUBSCRIPTION_REFUSED: {
    code: 'FAILED_PRECONDITION',
    text: 'The region refused a filter: a quota is used up, or the filter is none.',
  },
  LEASE_LOST: {
    code: 'ABORTED',
    text: 'The acknowledgement is of an earlier stream, or came too late: the message was delivered again, or will be.',
  },
  NEVER_STORED: { code: 'NOT_FOUND', text: 'Nothing has been stored at the address that the message id names.' },
  MESSAGE_VOID: { code: 'NOT_FOUND', text: 'What stands there is a repetition, or stale: nobody was delivered it.' },
  NO_MESSAGE: { code: 'NOT_FOUND', text: 'What stands there is a marker of the region.' },
  MESSAGE_NOT_KEPT: { code: 'NOT_FOUND', text: 'Retention has passed the message.' },
  SERVICE_UNKNOWN: { code: 'NOT_FOUND', text: 'There is no service of that name here.' },
  CLIENT_NOT_FOUND: { code: 'NOT_FOUND', text: 'No session has that client id.' },
  GROUP_NOT_FOUND: {
    code: 'NOT_FOUND',
    text: 'There is no such group: give the whole shared filter, $share/name/filter.',
  },
  MEMBER_NOT_FOUND: {
    code: 'NOT_FOUND',
    text: 'No broker has that name, or stands in that zone: the message lists them.',
  },
  GROUP_HAS_TAKEN: {
    code: 'FAILED_PRECONDITION',
    text: 'Sessions have records of the group at QoS 2 that are not done: try again when they have them.',
  },
  NAMESERVERS_UNREACHABLE: { code: 'UNAVAILABLE', text: 'No nameserver answers, or none leads just now: try again.' },
  NOT_RETAINED: { code: 'NOT_FOUND', text: 'Nothing is retained for the topic.' },
  TRACE_ID_INVALID: { code: 'INVALID_ARGUMENT', text: 'No trace id: 1 to 32 hexadecimal digits, not all zero.' },
  TRACE_QUERY_INVALID: {
    code: 'INVALID_ARGUMENT',
    text: 'The TraceQL of the query cannot be read: the message says where.',
  },
  TRACE_LIMIT_INVALID: { code: 'INVALID_ARGUMENT', text: 'The limit is negative or above 200.' },
  TRACE_NOT_FOUND: {
    code: 'NOT_FOUND',
    text: 'Nothing is known under that trace id, or of that message: it never was, or retention has passed it.',
  },
  TRACE_SERVICE_DOWN: {
    code: 'UNAVAILABLE',
    text: 'No trace service answers; messages flow without it: start one, or try again after the delay.',
  },
  PATH_UNKNOWN: { code: 'NOT_FOUND', text: 'There is nothing at that path of HTTP.' },
  HTTP_METHOD_WRONG: { code: 'UNIMPLEMENTED', text: 'The path takes another HTTP method: the header allow names it.' },
  CONTENT_TYPE_UNKNOWN: {
    code: 'INVALID_ARGUMENT',
    text: 'The body is neither application/json nor application/proto.',
  },
  METHOD_UNKNOWN: {
    code: 'UNIMPLEMENTED',
    text: 'There is no such method: ask reflection, or /openapi.json, which there are.',
  },
  METHOD_NOT_SERVED: {
    code: 'UNIMPLEMENTED',
    text: 'The contract has the method, and this process does not serve it.',
  },
  STREAM_OVER_HTTP: {
    code: 'UNIMPLEMENTED',
    text: 'A call that streams requests cannot be made over HTTP/1.1: use gRPC.',
  },
  ENCODING_UNKNOWN: {
    code: 'UNIMPLEMENTED',
    text: 'The body is packed in a way that is not known here: use gzip or deflate.',
  },
  MESSAGE_TOO_LARGE: { code: 'RESOURCE_EXHAUSTED', text: 'A message is larger than 4 MiB: send it in parts.' },
  METADATA_TOO_LARGE: { code: 'RESOURCE_EXHAUSTED', text: 'The headers of the call are too many, or too long.' },
  TOO_MANY_QUERIES: {
    code: 'RESOURCE_EXHAUSTED',
    text: 'This proxy answers as many queries as it will: come again after the delay.',
  },
  TOO_MANY_REPLAYS: {
    code: 'RESOURCE_EXHAUSTED',
    text: 'This proxy plays as many replays as it will: come again after the delay.',
  },
  TOO_MANY_SCANS: {
    code: 'RESOURCE_EXHAUSTED',
    text: 'As many look into the log as it lets: come again after the delay.',
  },
  SERVER_BUSY: { code: 'RESOURCE_EXHAUSTED', text: 'The server holds as much as it can: come again after the delay.' },
  TOO_MANY_WATCHERS: {
    code: 'RESOURCE_EXHAUSTED',
    text: 'Too many watch the same thing at this server: ask another, or poll.',
  },
  QUOTA_EXCEEDED: {
    code: 'RESOURCE_EXHAUSTED',
    text: 'A quota of the region is used up: the message says which.',
  },
  PUBLISH_REFUSED: { code: 'UNAVAILABLE', text: 'The region refused the message just now: try again.' },
  QUEUE_UNREACHABLE: {
    code: 'UNAVAILABLE',
    text: 'The owner of a queue is moving or down: try again after the delay.',
  },
  DRAINING: { code: 'UNAVAILABLE', text: 'The server is about to stop: connect to another.' },
  STARTING: { code: 'UNAVAILABLE', text: 'The process has not joined the region yet: try again after the delay.' },
  CANCELLED: { code: 'CANCELLED', text: 'The caller went away.' },
  DEADLINE_EXCEEDED: {
    code: 'DEADLINE_EXCEEDED',
    text: 'There was no answer within the time that the caller, or the server, allows.',
  },
  INTERNAL: { code: 'INTERNAL', text: 'The server failed: its log has the request id. Please report it.' },
} as const satisfies Readonly<Record<string, Reason>>

export type ReasonName = keyof typeof reasons

/** docs/errors.md as the table has it. */
export function errorsPage(): string {
  const rows = Object.entries(reasons).map(([name, { code, text }]) => `| \`${name}\` | ${code} | ${text} |`)
  return `${introduction}
| Reason | Code | What it means, and what to do |
|---|---|---|
${rows.join('\n')}
`
}

const introduction = `# Errors of the public API

Printed by \`npx node tools/errors-table.ts\` from \`libs/api/src/reasons.ts\`.

An answer other than OK has a gRPC status code, a sentence, and details (\`google.rpc.Status\` in \`grpc-status-details-bin\`; \`details\` of the
JSON answer over HTTP). The first detail is \`google.rpc.ErrorInfo\` with the domain \`tern.v1\` and one of the reasons below; where it helps there are
\`RetryInfo\` (after how long to try again), \`BadRequest\` (fields to blame), \`QuotaFailure\` and \`ResourceInfo\`. Programs go by the code and the
reason; the sentence is for people and may change.

UNAVAILABLE may be tried again as it is, after the delay or with growing pauses, best at another address. Every answer carries \`x-request-id\`:
the caller's own, or a drawn one, by which the log of the proxy can be searched.
`
