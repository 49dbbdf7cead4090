import type { SpanMetrics } from '../../core/span-metrics/span-metrics.ts'
import type { TraceStore } from '../../ports.ts'
import { tempoLimits } from './limits.ts'
import { TempoProblem } from './problem.ts'

export type HttpRequest = Readonly<{
  method: string
  /** As it came, not decoded, and what follows `?`. */
  path: string
  query: URLSearchParams
  accept: string
}>

export type HttpAnswer = Readonly<{ status: number; contentType: string; body: Uint8Array | string }>

export type TempoPorts = Readonly<{
  store: TraceStore
  /** Milliseconds since 1970. */
  now: () => number
  isReady: () => boolean
  /** What the service graph is drawn from. */
  spanMetrics: SpanMetrics
}>

/** What a handler has: the world, and the bound on how much is searched at once. */
export type Context = TempoPorts & Readonly<{ searches: Admission }>

/** Lets so many in at once. */
export class Admission {
  #running = 0

  /** Throws when there are as many as may be; otherwise gives what is to be called at the end. */
  enter(): () => void {
    if (this.#running >= tempoLimits.searchesMax) {
      throw new TempoProblem(
        429,
        `${tempoLimits.searchesMax} searches are running, which is the most; ask again in a moment`,
      )
    }
    this.#running += 1
    let left = false
    return () => {
      if (!left) this.#running -= 1
      left = true
    }
  }
}
