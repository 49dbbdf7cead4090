import { otlpCollector } from '@tern/proto'
import { OtlpProblem } from '../../core/otlp/problem.ts'
import type { ResourceSpans } from '../../ports.ts'

/** Reads a request in protobuf. */
export function readProtobuf(body: Uint8Array): readonly ResourceSpans[] {
  try {
    return otlpCollector.ExportTraceServiceRequest.decode(body).resourceSpans
  } catch (error) {
    throw new OtlpProblem(`the body is no ExportTraceServiceRequest: ${(error as Error).message}`)
  }
}
