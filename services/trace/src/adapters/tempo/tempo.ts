import { Admission, type Context, type HttpAnswer, type HttpRequest, type TempoPorts } from './context.ts'
import { answer } from './routes.ts'
import { streams, type TempoStreams } from './streams.ts'

/** The Tempo API over a store: its HTTP paths as one function, its streams by the names of their calls. */
export type Tempo = Readonly<{
  answer(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>
  streams: TempoStreams
}>

export function createTempo(ports: TempoPorts): Tempo {
  const context: Context = { ...ports, searches: new Admission() }
  return {
    answer: (request, signal) => answer(context, request, signal),
    streams: streams(context),
  }
}
