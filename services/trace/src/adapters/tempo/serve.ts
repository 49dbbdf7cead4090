import type { IncomingMessage, ServerResponse } from 'node:http'
import { tempopb } from '@tern/proto'
import {
  ApiError,
  type CallContext,
  type PublicServer,
  publicService,
  type RpcStatus,
  startPublicServer,
} from '@tern/rpc'
import { plainText } from './body.ts'
import type { HttpAnswer, TempoPorts } from './context.ts'
import { TempoProblem } from './problem.ts'
import { createTempo, type Tempo } from './tempo.ts'

/** A query of 128 KiB comes in the URL. */
const limits = { metadataBytesMax: 256 * 1024 }

/** The Tempo API at host:port, HTTP and gRPC alike. */
export function startTempo(
  address: string,
  ports: TempoPorts & Readonly<{ fault: (error: unknown, path: string) => void }>,
): Promise<PublicServer> {
  const tempo = createTempo(ports)
  return startPublicServer(address, {
    services: [streamsOf(tempo)],
    limits,
    fault: ports.fault,
    http: (request, response) => {
      respond(tempo, request, response).catch((error: unknown) => {
        ports.fault(error, request.url?.split('?')[0] ?? '')
        write(response, plainText(500, 'the trace service failed; its log says why'))
      })
    },
  })
}

async function respond(tempo: Tempo, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => gone.abort(new Error('nobody waits for the answer any more')))
  const [path = '', ...search] = (request.url ?? '').split('?')
  const { method = '', headers } = request
  const asked = { method, path, query: new URLSearchParams(search.join('?')), accept: headers.accept ?? '' }
  try {
    write(response, await tempo.answer(asked, gone.signal))
  } catch (error) {
    if (!gone.signal.aborted) throw error
  }
}

function write(response: ServerResponse, { status, contentType, body }: HttpAnswer): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

type Stream<Request, Message> = (request: Request, signal: AbortSignal) => AsyncIterable<Message>

function streamsOf({ streams }: Tempo) {
  return publicService(tempopb.StreamingQuerierService, {
    search: called(streams.search),
    searchTags: called(streams.searchTags),
    searchTagsV2: called(streams.searchTagsV2),
    searchTagValues: called(streams.searchTagValues),
    searchTagValuesV2: called(streams.searchTagValuesV2),
    metricsQueryRange: called(streams.metricsQueryRange),
    metricsQueryInstant: called(streams.metricsQueryInstant),
  })
}

const codes: Readonly<Partial<Record<TempoProblem['status'], RpcStatus>>> = {
  400: 'INVALID_ARGUMENT',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  503: 'DEADLINE_EXCEEDED',
}

function called<Request, Message>(stream: Stream<Request, Message>) {
  return async function* (request: Request, { signal }: CallContext): AsyncGenerator<Message> {
    try {
      yield* stream(request, signal)
    } catch (error) {
      if (!(error instanceof TempoProblem)) throw error
      throw new ApiError(codes[error.status] ?? 'INTERNAL', '', error.message)
    }
  }
}
