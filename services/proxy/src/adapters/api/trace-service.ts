import { type message, traceQuery, traces } from '@tern/proto'
import { type CallContext, type PublicService, publicService } from '@tern/rpc'
import { parseMessageId } from '@tern/telemetry'
import { badField, Refusal } from '../../core/api/refusal.ts'
import { SessionLooks } from '../traces/session-looks.ts'
import type { TraceServices } from '../traces/trace-services.ts'
import type { Looking } from './call.ts'
import { storedMessage } from './stored-messages.ts'
import { answerWhy } from './why.ts'

const asked = traceQuery.QueryServiceService
/** Unless the caller waits for less. */
const answerWithinMs = 10_000
const limits = { tracesMax: 200 } as const
const notFound = 5
const invalidArgument = 3

/** Traces, from whichever trace service of the region answers. */
export function traceService(looking: Looking, services: TraceServices): PublicService {
  const sources = { looking, services, sessions: new SessionLooks(services.routes, looking.clock) }
  return publicService(traces.TraceServiceService, {
    getMessageTrace: async ({ messageId }, call) => {
      const address = addressOf(messageId)
      const [found, stored] = await Promise.all([
        services
          .ask(asked.getMessageTrace, address, within(call, looking.clock.now()), call.signal)
          .catch(unlessUnknown),
        messageOf(messageId, looking, call),
      ])
      if (found?.trace !== undefined) return { trace: found.trace, message: stored.message }
      throw stored.refusal ?? unknown(`message ${messageId}`)
    },
    getTrace: async ({ traceId: text }, call) => {
      const traceId = traceIdOf(text)
      const found = await services
        .ask(asked.getTrace, { traceId }, within(call, looking.clock.now()), call.signal)
        .catch(unlessUnknown)
      if (found?.trace === undefined) throw unknown(`trace ${traceId}`)
      return { trace: found.trace }
    },
    searchTraces: async (request: traces.SearchTracesRequest, call) => {
      const { limit } = request
      if (limit < 0 || limit > limits.tracesMax) {
        throw badField('limit', 'TRACE_LIMIT_INVALID', `is ${limit}; give 1 to ${limits.tracesMax}, or leave it out`)
      }
      return services.ask(asked.searchTraces, request, within(call, looking.clock.now()), call.signal).catch(badQuery)
    },
    why: (request, call) => answerWhy(request, sources, call),
  })
}

/** How long a trace service may take: what is left of the caller's deadline, which is a point in time. */
const within = ({ deadlineMs = Number.POSITIVE_INFINITY }: CallContext, now: number): number =>
  Math.max(1, Math.min(deadlineMs - now, answerWithinMs))

function addressOf(messageId: string): { queue: number; position: number } {
  const address = parseMessageId(messageId)
  if (address !== undefined) return address
  throw badField('message_id', 'MESSAGE_ID_INVALID', 'is none; message ids look like 7-1042, queue and position')
}

/** Fewer digits than there are mean zeros in front, as in Grafana. */
function traceIdOf(text: string): string {
  if (/^[0-9a-fA-F]{1,32}$/.test(text) && !/^0*$/.test(text)) return text.toLowerCase().padStart(32, '0')
  throw badField('trace_id', 'TRACE_ID_INVALID', 'is none; give 1 to 32 hexadecimal digits, not all zero')
}

/** A trace may outlive its message, and a void record has a trace, too. */
async function messageOf(
  messageId: string,
  looking: Looking,
  call: CallContext,
): Promise<Readonly<{ message?: message.Message; refusal?: Refusal }>> {
  try {
    const sight = { view: 0, payloadPreviewBytes: 0 } as const
    return { message: await storedMessage('message_id', messageId, sight, looking, call) }
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error }
    throw error
  }
}

function unlessUnknown(error: unknown): undefined {
  if ((error as { code?: number }).code === notFound) return undefined
  throw error
}

function badQuery(error: unknown): never {
  const { code, details } = error as { code?: number; details?: string }
  if (code === invalidArgument) throw badField('query', 'TRACE_QUERY_INVALID', `cannot be read: ${details ?? ''}`)
  throw error
}

const unknown = (what: string): Refusal =>
  new Refusal('NOT_FOUND', 'TRACE_NOT_FOUND', `nothing is known of ${what}: it never was, or retention has passed it`)
