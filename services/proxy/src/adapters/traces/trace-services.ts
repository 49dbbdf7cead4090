import type { RouteWatcher } from '@tern/routing'
import { connectClient, unaryCall } from '@tern/rpc'
import { Refusal } from '../../core/api/refusal.ts'
import { traceServiceOf } from '../ledger/ledger-shipping.ts'

type Client = ReturnType<typeof connectClient>
type Method<In, Out> = Parameters<typeof unaryCall<In, Out>>[1]

const unavailable = 14
const deadlineExceeded = 4

/** Asks a trace service of the region; when it gives no answer, another one. */
export class TraceServices {
  readonly routes: RouteWatcher
  private readonly zone: string
  private readonly clients = new Map<string, Client>()

  constructor(routes: RouteWatcher, zone: string) {
    this.routes = routes
    this.zone = zone
    routes.onChange(() => this.closeGone())
  }

  stop(): void {
    for (const client of this.clients.values()) client.close()
    this.clients.clear()
  }

  /** Throws what the service said, or a Refusal when none answers. */
  async ask<In, Out>(method: Method<In, Out>, request: In, deadlineMs: number, signal: AbortSignal): Promise<Out> {
    const first = traceServiceOf(this.routes.table(), this.zone)
    const second = first && traceServiceOf(this.routes.table(), this.zone, first)
    for (const address of new Set([first, second])) {
      if (address === undefined) continue
      try {
        return await unaryCall(this.clientTo(address), method, request, deadlineMs, signal)
      } catch (error) {
        const { code } = error as { code?: number }
        if (signal.aborted || (code !== unavailable && code !== deadlineExceeded)) throw error
      }
    }
    throw new Refusal(
      'UNAVAILABLE',
      'TRACE_SERVICE_DOWN',
      first === undefined
        ? 'no trace service is a member of the region; start one (services/trace), messages flow without it'
        : 'no trace service answers; messages flow without it, and traces are complete again when it is back',
      { retryAfterMs: 1_000 },
    )
  }

  private clientTo(address: string): Client {
    const known = this.clients.get(address)
    if (known !== undefined) return known
    const client = connectClient(address)
    this.clients.set(address, client)
    return client
  }

  private closeGone(): void {
    const addresses = new Set(
      this.routes
        .table()
        .members()
        .map(({ address }) => address),
    )
    for (const [address, client] of this.clients) {
      if (addresses.has(address)) continue
      client.close()
      this.clients.delete(address)
    }
  }
}
