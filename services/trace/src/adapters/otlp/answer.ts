import { errorDetails, type otlpCollector, type rpcStatus } from '@tern/proto'
import type { Outcome } from './receive.ts'

type Refusal = Exclude<Outcome, { kind: 'taken' }>

/** Codes of google.rpc, and the status of HTTP that goes with each. */
const codes = {
  bad: { grpc: 3, http: 400 },
  large: { grpc: 8, http: 413 },
  unknown: { grpc: 3, http: 415 },
  full: { grpc: 14, http: 429 },
  failed: { grpc: 14, http: 503 },
} as const

export const httpStatusOf = ({ kind }: Refusal): number => codes[kind].http

/** `partial_success` is unset when every span was taken. */
export function responseOf({
  rejected,
  why,
}: Extract<Outcome, { kind: 'taken' }>): otlpCollector.ExportTraceServiceResponse {
  return { partialSuccess: rejected === 0 ? undefined : { rejectedSpans: BigInt(rejected), errorMessage: why } }
}

/** A sender reads from RetryInfo that it shall come again, and when; without it, it gives up. */
export function statusOf(refusal: Refusal): rpcStatus.Status {
  const details = 'retryAfterSeconds' in refusal ? [retryInfo(refusal.retryAfterSeconds)] : []
  return { code: codes[refusal.kind].grpc, message: refusal.why, details }
}

const retryInfo = (seconds: number) => ({
  typeUrl: 'type.googleapis.com/google.rpc.RetryInfo',
  value: errorDetails.RetryInfo.encode({ retryDelay: { seconds, nanos: 0 } }).finish() as Buffer,
})
