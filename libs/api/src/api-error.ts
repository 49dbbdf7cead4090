import { errorDetails } from '@tern/proto'
import { ApiError, badRequestDetail, type ErrorDetail } from '@tern/rpc'
import type { ReasonName, reasons } from './reasons.ts'

export type ErrorOptions = Readonly<{
  /** What the reason is about: "topic" to "a/#". */
  metadata?: Readonly<Record<string, string>>
  details?: Readonly<{
    /** Fields of the request that are to blame, in the words of the contract. */
    fields?: readonly Readonly<{ field: string; description: string }>[]
    /** Limits that are reached: of whom, and which. */
    quotas?: readonly Readonly<{ subject: string; description: string }>[]
    /** What is not there, is there already, or may not be touched. */
    resource?: Readonly<{ type: string; name: string; description: string }>
  }>
  retryAfterMs?: number
  cause?: unknown
}>

/** The code that belongs to each reason. */
export type CodeOf<R extends ReasonName> = (typeof reasons)[R]['code']

/** An error to throw in a handler: its caller gets the code, the published reason, and the details. */
export function apiError<R extends ReasonName>(
  code: CodeOf<R>,
  reason: R,
  message: string,
  { details = {}, ...rest }: ErrorOptions = {},
): ApiError {
  return new ApiError(code, reason, message, { ...rest, details: encoded(details) })
}

const prefix = 'type.googleapis.com/google.rpc'

function encoded({ fields, quotas, resource }: NonNullable<ErrorOptions['details']>): ErrorDetail[] {
  const details: ErrorDetail[] = fields === undefined ? [] : [badRequestDetail(fields)]
  if (quotas !== undefined) {
    const violations = quotas.map((each) => errorDetails.QuotaFailure_Violation.create(each))
    details.push({
      typeUrl: `${prefix}.QuotaFailure`,
      value: errorDetails.QuotaFailure.encode({ violations }).finish(),
    })
  }
  if (resource !== undefined) {
    const { type: resourceType, name: resourceName, description } = resource
    const value = errorDetails.ResourceInfo.encode({ resourceType, resourceName, owner: '', description }).finish()
    details.push({ typeUrl: `${prefix}.ResourceInfo`, value })
  }
  return details
}
