import type { ReasonName } from '@tern/api'

export type RefusalCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'FAILED_PRECONDITION'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAVAILABLE'

export type RefusalDetail = Readonly<{
  /** The field that is to blame, in the words of the contract. */
  field?: string
  metadata?: Readonly<Record<string, string>>
  /** When to come again. */
  retryAfterMs?: number
}>

/** Why a call is not served, in the words that its caller is told; the adapter of the public API makes a status of it. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly reason: ReasonName
  readonly detail: RefusalDetail

  constructor(code: RefusalCode, reason: ReasonName, message: string, detail: RefusalDetail = {}) {
    super(message)
    this.code = code
    this.reason = reason
    this.detail = detail
  }
}

export const badField = (field: string, reason: ReasonName, message: string): Refusal =>
  new Refusal('INVALID_ARGUMENT', reason, `${field} ${message}`, { field })
