import { reasonName } from '@tern/mqtt'
import { home, type messaging } from '@tern/proto'
import { ApiError, codeOf, type CallContext as RpcCallContext } from '@tern/rpc'
import { type ConnectRequest, openCall } from '../../../core/connection/connect.ts'
import type { StreamPlan } from '../../../core/stream/open-request.ts'
import type { Context } from '../../connection/context.ts'
import { Session } from '../../connection/session.ts'
import type { StartsOf } from '../../connection/subscribing.ts'
import type { CallContext, Looking } from '../call.ts'
import { unreachable } from '../call.ts'
import { StreamConnection } from './stream-connection.ts'

export type OpenStream = Readonly<{
  connection: StreamConnection
  resumed: boolean
  outcomes: messaging.SubscribeResponse_SubscriptionOutcome[]
}>

/** While queues move, the start of a subscription is waited for so long. */
const startWithinMs = 10_000

/** Opens the session of a subscriber at its home, takes it over where it is connected, and subscribes to what it does not hold yet. */
export async function openStream(
  plan: StreamPlan,
  context: Context,
  looking: Looking,
  call: CallContext & Partial<Pick<RpcCallContext, 'peer'>>,
): Promise<OpenStream> {
  const { region, connections, drawId } = context
  const starts = await startsOf(plan, looking, call)
  const clientId = plan.clientId === '' ? drawId() : plan.clientId
  const connection = new StreamConnection(context, clientId, plan, looking.traceIds)
  const request = requestOf(clientId, plan)
  const answer = await region.callHome(clientId, openCall(request, connections.nextAttempt()))
  const { status, reasonCode: code, opened } = answer
  if (status !== home.HomeStatus.OK || opened?.connection === undefined) {
    connection.destroy('the home refused the session')
    throw new ApiError('UNAVAILABLE', 'SESSION_REFUSED', `the session of ${clientId} was refused: ${reasonName(code)}`)
  }
  const session = new Session(connection, request, opened, opened.connection)
  connection.opened(session, call.peer ?? '')
  const gone = () => connection.left(false)
  call.signal.addEventListener('abort', gone, { once: true })
  if (call.signal.aborted) gone()
  const begin = async () => {
    if (opened.sessionPresent) await session.resume(opened)
    return subscribe(plan, session, connection, starts)
  }
  try {
    return { connection, resumed: opened.sessionPresent, outcomes: await connection.whileOpen(begin) }
  } finally {
    call.signal.removeEventListener('abort', gone)
  }
}

const requestOf = (clientId: string, { expirySeconds, messagesMax }: StreamPlan): ConnectRequest => ({
  ...{ clientId, version: 5, cleanStart: false, expirySeconds, keepAliveSeconds: 0, receiveMaximum: messagesMax },
  ...{ packetBytesMax: Number.POSITIVE_INFINITY, topicAliasMaximum: 0, will: undefined, announced: {} },
  takesProblemInformation: false,
})

async function subscribe(
  { filters, withRetained }: StreamPlan,
  session: Session,
  connection: StreamConnection,
  starts: StartsOf,
): Promise<messaging.SubscribeResponse_SubscriptionOutcome[]> {
  const { delivery } = session
  const isHeld = (filter: string) => delivery.subscriptions.get(filter) !== undefined || delivery.shared.has(filter)
  const missing = filters.filter((filter) => !isHeld(filter))
  const codes = new Map<string, number>()
  if (missing.length > 0) {
    const answered = connection.whenSubscribed()
    session.subscribing.subscribe(
      {
        type: 'subscribe',
        packetId: 1,
        properties: {},
        subscriptions: missing.map((filter) => ({
          ...{ filter, qos: 1 as const, noLocal: false, retainAsPublished: true },
          retainHandling: withRetained ? 0 : 2,
        })),
      },
      starts,
    )
    const given = await answered
    missing.forEach((filter, i) => void codes.set(filter, given[i] ?? 0))
  }
  return filters.map((filter) => {
    const code = codes.get(filter) ?? 0
    const topicFilter = filter.replace(/^\$share\/[^/]*\//, '')
    if (code < 0x80) return { topicFilter, error: undefined }
    const message = `SUBSCRIPTION_REFUSED: ${reasonName(code)}`
    return { topicFilter, error: { code: codeOf('FAILED_PRECONDITION'), message, details: [] } }
  })
}

/** Before the first message that is to come, for each queue; asked for once, before the session is opened. */
async function startsOf({ start, filters }: StreamPlan, looking: Looking, call: CallContext): Promise<StartsOf> {
  if (start.at === 'latest') return (_, latest) => latest
  if (start.at === 'cursor') return (queue, latest) => Math.min(latest, (start.positions.get(queue) ?? latest + 1) - 1)
  const { scans, clock } = looking
  const queues = [...new Set(filters.flatMap((filter) => scans.reach(filter)))]
  const times = start.at === 'time' ? [start.timeMs] : []
  const until = clock.now() + startWithinMs
  const extents = await scans.locate(queues, times, { signal: call.signal, until })
  const missing = queues.find((queue) => !extents.has(queue))
  if (missing !== undefined) throw unreachable(missing)
  return (queue, latest) => {
    const extent = extents.get(queue)
    return extent === undefined ? latest : Math.min(latest, (extent.positions[0] ?? extent.start) - 1)
  }
}
