import { status } from '@grpc/grpc-js'
import { errorDetails, rpcStatus } from '@tern/proto'
import type { RpcStatus } from '../unary.ts'

/** A detail of an error: a message of google.rpc, encoded. */
export type ErrorDetail = Readonly<{ typeUrl: string; value: Uint8Array }>

export type ApiErrorOptions = Readonly<{
  /** What the reason is about: "topic" to "a/#". */
  metadata?: Readonly<Record<string, string>>
  details?: readonly ErrorDetail[]
  /** After how long it may be tried again. */
  retryAfterMs?: number
  cause?: unknown
}>

/** An answer other than OK: thrown by handlers on one side, and by calls on the other. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: RpcStatus
  /** A word of a published table; empty when the other side gave none. */
  readonly reason: string
  readonly metadata: Readonly<Record<string, string>>
  readonly details: readonly ErrorDetail[]
  readonly retryAfterMs: number | undefined

  constructor(code: RpcStatus, reason: string, message: string, options: ApiErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.reason = reason
    this.metadata = options.metadata ?? {}
    this.details = options.details ?? []
    this.retryAfterMs = options.retryAfterMs
  }
}

export const errorDomain = 'tern.v1'
const prefix = 'type.googleapis.com/'

/** The number that stands for a status on the wire. */
export const codeOf = (code: RpcStatus): number => status[code]

const errorInfoType = `${prefix}google.rpc.ErrorInfo`
const retryInfoType = `${prefix}google.rpc.RetryInfo`

/** With its reason and its delay among the details, as they travel. */
export function statusOf(error: ApiError): rpcStatus.Status {
  const { reason, metadata, retryAfterMs } = error
  const info = errorDetails.ErrorInfo.encode({ reason, domain: errorDomain, metadata: { ...metadata } }).finish()
  const details: ErrorDetail[] = [
    ...(reason === '' ? [] : [{ typeUrl: errorInfoType, value: Buffer.from(info) }]),
    ...error.details,
  ]
  if (retryAfterMs !== undefined) {
    const retryDelay = { seconds: Math.floor(retryAfterMs / 1_000), nanos: Math.round((retryAfterMs % 1_000) * 1e6) }
    const value = Buffer.from(errorDetails.RetryInfo.encode({ retryDelay }).finish())
    details.push({ typeUrl: retryInfoType, value })
  }
  return { code: codeOf(error.code), message: error.message, details: details.map(copied) }
}

const copied = ({ typeUrl, value }: ErrorDetail) => ({ typeUrl, value: Buffer.from(value) })

/** Of a status that came from the other side; what it carries may be anything. */
export function errorOfStatus(code: number, message: string, encoded: Uint8Array | undefined): ApiError {
  const name = (status[code] as RpcStatus | undefined) ?? 'UNKNOWN'
  try {
    const { details } = rpcStatus.Status.decode(encoded ?? new Uint8Array())
    return new ApiError(name, ...understood(details, message))
  } catch (cause) {
    return new ApiError(name, '', message, { cause })
  }
}

function understood(details: readonly ErrorDetail[], message: string): [string, string, ApiErrorOptions] {
  const info = details.find(({ typeUrl }) => typeUrl === errorInfoType)
  const retry = details.find(({ typeUrl }) => typeUrl === retryInfoType)
  const { reason, metadata } = errorDetails.ErrorInfo.decode(info?.value ?? new Uint8Array())
  const delay = retry && errorDetails.RetryInfo.decode(retry.value).retryDelay
  const rest = details.filter((each) => each !== info && each !== retry)
  const retryAfterMs = delay && delay.seconds * 1_000 + delay.nanos / 1e6
  return [reason, message, { metadata, details: rest, ...(retryAfterMs !== undefined && { retryAfterMs }) }]
}

const fieldType = `${prefix}google.rpc.BadRequest`

/** Which fields of a request are to blame. */
export function badRequestDetail(fields: readonly Readonly<{ field: string; description: string }>[]): ErrorDetail {
  const fieldViolations = fields.map((each) => ({ ...each, reason: '', localizedMessage: undefined }))
  return { typeUrl: fieldType, value: errorDetails.BadRequest.encode({ fieldViolations }).finish() }
}

/** A refusal in the words of a pure core, which knows no transport. */
type Refusal = Readonly<{
  code: RpcStatus
  reason: string
  message: string
  detail?: Readonly<{ field?: string; metadata?: Readonly<Record<string, string>>; retryAfterMs?: number }>
}>

function isRefusal(thrown: object): thrown is Refusal {
  const { code, reason } = thrown as Partial<Refusal>
  return typeof code === 'string' && typeof reason === 'string' && Object.hasOwn(status, code)
}

function errorOfRefusal({ code, reason, message, detail = {} }: Refusal): ApiError {
  const { field, ...options } = detail
  const details = field === undefined ? [] : [badRequestDetail([{ field, description: message }])]
  return new ApiError(code, reason, message, { ...options, details })
}

/** What anybody threw, as an answer. An error that is no answer is a fault of ours, and its words stay here. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (typeof thrown !== 'object' || thrown === null) return fault(thrown)
  if (isRefusal(thrown)) return errorOfRefusal(thrown)
  const { code, message, details } = thrown as Partial<Error> & { code?: unknown; details?: unknown }
  const name = typeof code === 'number' ? (status[code] as RpcStatus | undefined) : undefined
  // Of a call that this process made in turn: its status is the answer.
  if (name !== undefined && name !== 'OK') {
    return new ApiError(name, '', typeof details === 'string' ? details : `${message}`, { cause: thrown })
  }
  return fault(thrown)
}

const fault = (cause: unknown) => new ApiError('INTERNAL', 'INTERNAL', 'the server failed; its log says why', { cause })
