import { tempopb } from '@tern/proto'
import { outgoing } from '../../core/spans/outgoing.ts'
import type { ResourceSpans, TraceId } from '../../ports.ts'
import { bodyOf } from './body.ts'
import type { Context, HttpAnswer, HttpRequest } from './context.ts'
import { jsonOf } from './json.ts'
import { tempoLimits } from './limits.ts'
import { TempoProblem } from './problem.ts'

/** `/api/v2/traces/{id}`. Not found is a trace without spans: Grafana reads the spans of what it gets without asking whether it is there. */
export async function traceV2(
  { store }: Context,
  id: string,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { resourceSpans, bytes, whole } = sized(outgoing(await store.trace(traceIdOf(id), signal)))
  const response = tempopb.TraceByIDResponse.fromPartial({
    trace: { resourceSpans },
    metrics: { inspectedBytes: BigInt(bytes) },
    status: whole ? 0 : 1,
    message: whole ? '' : `the trace is larger than ${tempoLimits.traceBytesMax} bytes; its first spans are shown`,
  })
  // With a metric in it, an answer without a trace would not be the two bytes that Tempo sends.
  const answer = bytes === 0 ? { ...response, metrics: undefined } : response
  return bodyOf(request, tempopb.TraceByIDResponse, answer)
}

/** `/api/traces/{id}`: asked by Grafana up to 11.3, and by later ones after a 404. */
export async function traceV1(
  { store }: Context,
  id: string,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { resourceSpans } = sized(outgoing(await store.trace(traceIdOf(id), signal)))
  if (resourceSpans.length === 0) throw new TempoProblem(404, 'trace not found')
  if (request.accept.includes('protobuf')) return bodyOf(request, tempopb.Trace, { resourceSpans })
  return { status: 200, contentType: 'application/json', body: jsonOf({ batches: resourceSpans }) }
}

/** 1 to 32 hexadecimal digits; others have dropped the zeros in front. */
function traceIdOf(given: string): TraceId {
  if (!/^[0-9A-Fa-f]{1,32}$/.test(given)) {
    throw new TempoProblem(
      400,
      `invalid trace id ${JSON.stringify(given.slice(0, 80))}; give 1 to 32 hexadecimal digits`,
    )
  }
  return given.toLowerCase().padStart(32, '0')
}

/** As many of the first as may be sent. */
function sized(all: readonly ResourceSpans[]) {
  let bytes = 0
  const resourceSpans: ResourceSpans[] = []
  for (const each of all) {
    bytes += tempopb.Trace.encode({ resourceSpans: [each] }).finish().length
    if (bytes > tempoLimits.traceBytesMax) return { resourceSpans, bytes, whole: false }
    resourceSpans.push(each)
  }
  return { resourceSpans, bytes, whole: true }
}
