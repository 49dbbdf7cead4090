import { otlpLimits } from '../../core/otlp/limits.ts'
import { OtlpProblem } from '../../core/otlp/problem.ts'
import { splitByTrace } from '../../core/otlp/split.ts'
import type { ResourceSpans, SpanSink, TraceSpans } from '../../ports.ts'

export type ReceivingPorts = Readonly<{
  sink: SpanSink
  /** Told of spans once they are durable. */
  taken: (traces: readonly TraceSpans[]) => void
}>

/** What is said to the sender, over HTTP and gRPC alike. */
export type Outcome =
  /** `rejected` spans were refused for what they are; the others are durable. */
  | Readonly<{ kind: 'taken'; rejected: number; why: string }>
  /** To be sent again is of no use. */
  | Readonly<{ kind: 'bad' | 'large' | 'unknown'; why: string }>
  /** Nothing was taken. */
  | Readonly<{ kind: 'full' | 'failed'; why: string; retryAfterSeconds: number }>

/** Takes what `read` reads; what it throws is an answer too. */
export async function receive(ports: ReceivingPorts, read: () => readonly ResourceSpans[]): Promise<Outcome> {
  try {
    const { traces, rejected, why } = splitByTrace(read())
    const answer = traces.length === 0 ? ({ taken: true } as const) : await offered(ports.sink, traces)
    if (!answer.taken) return { kind: answer.failed ? 'failed' : 'full', ...answer }
    ports.taken(traces)
    return { kind: 'taken', rejected, why }
  } catch (error) {
    // A decoder that ran out of stack met a message nested beyond all use.
    if (error instanceof OtlpProblem) return { kind: 'bad', why: error.message }
    if (error instanceof RangeError) return { kind: 'bad', why: `the message cannot be read: ${error.message}` }
    throw error
  }
}

async function offered(sink: SpanSink, traces: readonly TraceSpans[]) {
  try {
    const answer = await sink.offer(traces)
    return answer.taken ? answer : { ...answer, failed: false }
  } catch (error) {
    const { retryAfterSeconds } = otlpLimits
    const why = `the spans could not be stored: ${(error as Error).message}; none was taken, send them again`
    return { taken: false, failed: true, why, retryAfterSeconds } as const
  }
}
