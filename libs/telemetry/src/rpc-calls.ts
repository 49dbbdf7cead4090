import { Histogram, secondsBounds } from './histogram.ts'
import type { MetricSpec } from './metric-spec.ts'
import type { Point } from './metrics.ts'
import { parseTraceparent } from './traceparent.ts'
import type { Tracer } from './tracer.ts'

/** As OpenTelemetry has it for the serving side of any RPC. */
export const rpcCallSpec = {
  kind: 'histogram',
  unit: 's',
  help: 'Calls of the public API, from their begin to their end; a stream lasts as long as both sides want.',
  labels: ['rpc.method', 'rpc.response.status_code'],
} as const satisfies MetricSpec

/** Of a call, what a server knows when it begins. */
export type BegunCall = Readonly<{ traceparent: string | undefined; peer: string }>

/** What a call ended with, unless it is OK. */
export type FailedCall = Readonly<{ code: string; reason: string; message: string }>

/** How long calls took, by method and by what they ended with: both have few values, since only methods that are there are observed. */
export class RpcCalls {
  open = 0
  private readonly durations = new Map<string, Histogram>()

  record(method: string, code: string, seconds: number): void {
    const key = `${method} ${code}`
    let histogram = this.durations.get(key)
    if (histogram === undefined) {
      histogram = new Histogram(secondsBounds)
      this.durations.set(key, histogram)
    }
    histogram.record(seconds)
  }

  points(): Point<Histogram>[] {
    return [...this.durations].map(([key, histogram]) => [key.split(' '), histogram])
  }
}

/** What is asked all the time by machines, and says nothing to people. */
const unobserved = /^\/grpc\./

/** For a server: what to call when a call begins, which gives what to call when it ends. */
export function observeCalls(calls: RpcCalls, tracer: Tracer, now: () => number) {
  return (path: string, { traceparent, peer }: BegunCall): ((failed: FailedCall | undefined) => void) => {
    if (unobserved.test(path)) return () => {}
    const method = path.slice(1)
    const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method, 'client.address': peer }
    const span = tracer.start(method, { kind: 'server', parent: parseTraceparent(traceparent), attributes })
    const began = now()
    calls.open++
    return (failed) => {
      calls.open--
      const code = failed?.code ?? 'OK'
      calls.record(method, code, (now() - began) / 1000)
      span.set({ 'rpc.response.status_code': code, 'error.type': failed?.reason })
      // What the caller did wrong is no fault of the server's.
      span.end(isServersFault(code) ? failed?.message : undefined)
    }
  }
}

/** As OpenTelemetry has it for the serving side of gRPC. */
const isServersFault = (code: string): boolean =>
  ['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS'].includes(code)
