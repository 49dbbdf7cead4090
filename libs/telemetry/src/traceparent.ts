import { isLowerHex } from './hex.ts'

/** What a caller says of the trace that it is in (W3C Trace Context, level 1). */
export type TraceContext = Readonly<{
  /** 32 hex digits, lower case, not all zero. */
  traceId: string
  /** 16 hex digits, of the caller's span. */
  spanId: string
  sampled: boolean
}>

/** Version, trace id, span id, flags; what a later version may append is not taken. */
const length = 55
const zeroTraceId = '0'.repeat(32)
const zeroSpanId = '0'.repeat(16)
const dash = 0x2d

/** `given`: all values that came. What is malformed, and what came twice, counts as not given: a trace then starts here. */
export function parseTraceparent(given: string | readonly string[] | undefined): TraceContext | undefined {
  const text = typeof given === 'string' ? given : given?.length === 1 ? given[0] : undefined
  if (text?.length !== length) return undefined
  if (text.charCodeAt(2) !== dash || text.charCodeAt(35) !== dash || text.charCodeAt(52) !== dash) return undefined
  const allHex =
    isLowerHex(text, 0, 2) && isLowerHex(text, 3, 35) && isLowerHex(text, 36, 52) && isLowerHex(text, 53, length)
  if (!allHex || text.startsWith('ff')) return undefined
  const traceId = text.slice(3, 35)
  const spanId = text.slice(36, 52)
  if (traceId === zeroTraceId || spanId === zeroSpanId) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(text.charAt(54), 16) & 1) === 1 }
}

export const formatTraceparent = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
