import { otlpTrace } from '@tern/proto'
import { type Block, encodeBody, readBlock, readBody } from '@tern/record'
import type { ResourceSpans, TraceId } from '../../ports.ts'

/**
 * A record of tern.trace: a block of the delivery ledger (no key), or spans that others sent, of one trace (its id is the key, the
 * value is OTLP's TracesData).
 */
export type TraceRecord =
  | Readonly<{ kind: 'block'; block: Block }>
  | Readonly<{ kind: 'spans'; traceId: TraceId; resourceSpans: () => readonly ResourceSpans[] }>

const traceIdBytes = 16

export const blockRecord = (block: Uint8Array): Buffer => encodeBody(null, block, [])

export const spansRecord = (traceId: TraceId, resourceSpans: readonly ResourceSpans[]): Buffer =>
  encodeBody(
    Buffer.from(traceId, 'hex'),
    otlpTrace.TracesData.encode({ resourceSpans: [...resourceSpans] }).finish(),
    [],
  )

/** Undefined: it is none that this version knows, or damaged. */
export function readTraceRecord(body: Buffer): TraceRecord | undefined {
  const { key, value } = readBody(body, 0, body.length)
  if (value === null) return undefined
  if (key !== null) {
    if (key.length !== traceIdBytes) return undefined
    const resourceSpans = () => otlpTrace.TracesData.decode(value).resourceSpans
    return { kind: 'spans', traceId: key.toString('hex'), resourceSpans }
  }
  try {
    return { kind: 'block', block: readBlock(value) }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
