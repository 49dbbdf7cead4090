import { fromBinary, toJson } from '@bufbuild/protobuf'
import { type ApiError, type ErrorDetail, type RpcStatus, statusOf } from '@tern/rpc'
import type { Contracts } from '../contracts.ts'
import type { ReasonName } from '../reasons.ts'

/** As Connect maps them. */
const httpStatuses: Readonly<Record<RpcStatus, number>> = {
  OK: 200,
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
}

/** Where HTTP has a better word for it than the code has. */
const statusesOfReasons: Partial<Record<ReasonName, number>> = {
  MESSAGE_TOO_LARGE: 413,
  METADATA_TOO_LARGE: 431,
  CONTENT_TYPE_UNKNOWN: 415,
  ENCODING_UNKNOWN: 415,
  HTTP_METHOD_WRONG: 405,
  METHOD_UNKNOWN: 404,
}

export const httpStatusOf = ({ code, reason }: ApiError): number =>
  statusesOfReasons[reason as ReasonName] ?? httpStatuses[code]

/** As Connect names it: "invalid_argument"; it has one l. */
export const connectCode = (code: RpcStatus): string => (code === 'CANCELLED' ? 'canceled' : code.toLowerCase())

/** The JSON of an error as Connect has it; each detail also in words. */
export function errorJson(error: ApiError, { registry }: Contracts): string {
  const details = statusOf(error).details.map((detail) => detailJson(detail, registry))
  return JSON.stringify({ code: connectCode(error.code), message: error.message, details })
}

function detailJson({ typeUrl, value }: ErrorDetail, registry: Contracts['registry']) {
  const type = typeUrl.slice(typeUrl.lastIndexOf('/') + 1)
  const schema = registry.getMessage(type)
  const bytes = Buffer.from(value).toString('base64').replace(/=+$/, '')
  return { type, value: bytes, ...(schema && { debug: toJson(schema, fromBinary(schema, value), { registry }) }) }
}
