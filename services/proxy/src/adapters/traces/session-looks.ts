import { inspect, proxy } from '@tern/proto'
import { partitionOf, type RouteWatcher } from '@tern/routing'
import { connectClient, unaryCall } from '@tern/rpc'
import { type Clock, pause } from '@tern/runtime'
import { Refusal } from '../../core/api/refusal.ts'
import type { SessionWords } from '../../core/why/known-client.ts'

const retryMs = 100
type Client = ReturnType<typeof connectClient>
type Method<In, Out> = Parameters<typeof unaryCall<In, Out>>[1]

export type Patience = Readonly<{ until: number; signal: AbortSignal }>

/** Looks at one session where it is kept, and at its connection where that is. */
export class SessionLooks {
  private readonly routes: RouteWatcher
  private readonly clock: Clock

  constructor(routes: RouteWatcher, clock: Clock) {
    this.routes = routes
    this.clock = clock
  }

  /** Throws a Refusal when the session's home gives no answer in time. */
  async look(clientId: string, patience: Patience): Promise<SessionWords> {
    const session = await this.sessionOf(clientId, patience)
    const proxyNumber = session?.summary?.proxy
    const address =
      session?.summary?.disconnectedAtMs === undefined && proxyNumber !== undefined
        ? this.routes.table().member(proxyNumber)?.address
        : undefined
    const nothing = { session, connection: undefined, subscriptions: [], inFlight: [] }
    if (address === undefined || address === '') return nothing
    // A proxy that does not answer is about to be declared dead: the home's word is all that there is.
    return this.connectionOf(address, clientId, patience).then(
      (found) => ({ ...found, session }),
      () => nothing,
    )
  }

  private async sessionOf(clientId: string, { until, signal }: Patience): Promise<inspect.SessionState | undefined> {
    const home = partitionOf(clientId, this.routes.table().queues)
    const request = { clientIds: [clientId], whole: true }
    for (;;) {
      const address = this.routes.table().ownerOf(home)?.address
      const left = until - this.clock.now()
      if (address !== undefined && left > 0) {
        const answer = await call(address, inspect.InspectServiceService.getSessions, request, left, signal).catch(
          () => undefined,
        )
        if (answer?.homes.includes(home)) return answer.sessions[0]
      }
      if (signal.aborted || this.clock.now() + retryMs >= until) break
      await pause(this.clock, retryMs)
    }
    const message = `the home of client "${clientId}" (queue ${home}) gives no answer; its owner is moving or down, try again`
    const detail = { metadata: { queue: String(home) }, retryAfterMs: 1_000 }
    throw new Refusal('UNAVAILABLE', 'QUEUE_UNREACHABLE', message, detail)
  }

  private async connectionOf(address: string, clientId: string, { until, signal }: Patience) {
    const { describeConnections, listInflight } = proxy.ProxyServiceService
    const left = Math.max(1, until - this.clock.now())
    const [{ connections, subscriptions }, { entries }] = await Promise.all([
      call(address, describeConnections, { clientIds: [clientId] }, left, signal),
      call(address, listInflight, { clientId }, left, signal),
    ])
    return { connection: connections[0], subscriptions, inFlight: entries }
  }
}

/** Rarely asked: a connection is not kept. */
async function call<In, Out>(
  address: string,
  method: Method<In, Out>,
  request: In,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Out> {
  const client: Client = connectClient(address)
  try {
    return await unaryCall(client, method, request, deadlineMs, signal)
  } finally {
    client.close()
  }
}
