import type { proxy } from '@tern/proto'

/** Events that a proxy remembers; the oldest are forgotten. */
export const clientEventsMax = 10_000
/** A client that is refused again and again pushes nothing else out: one event for it in so long. */
const sameAgainMs = 1_000

export type ClientEventKind =
  | 'connected'
  | 'refused'
  | 'taken over'
  | 'disconnected'
  | 'subscription refused'
  | 'publish refused'

type Noted = Readonly<{
  clientId: string
  kind: ClientEventKind
  reason: string
  reasonCode: number
  address: string
}>

/** What became of clients here, lately. */
export class ClientEvents {
  private readonly ring: proxy.ClientEvent[] = []
  private numbers = 0
  private last: proxy.ClientEvent | undefined

  note(timeMs: number, noted: Noted): void {
    if (noted.kind.endsWith('refused') && this.isSameAgain(timeMs, noted)) return
    const event = { ...noted, timeMs, number: ++this.numbers }
    this.ring[(event.number - 1) % clientEventsMax] = event
    this.last = event
  }

  /** Newest first, below a number unless that is 0; empty `clientId`: of all. */
  page(clientId: string, before: number, limit: number): proxy.ListClientEventsResponse {
    const events: proxy.ClientEvent[] = []
    for (const event of this.newestFirst()) {
      if ((before > 0 && event.number >= before) || (clientId !== '' && event.clientId !== clientId)) continue
      if (events.length >= limit) return { events, more: true }
      events.push(event)
    }
    return { events, more: false }
  }

  /** How the last connection of each of them ended, as far as is remembered. */
  endings(clientIds: ReadonlySet<string>): proxy.ClientEvent[] {
    const found = new Map<string, proxy.ClientEvent>()
    if (clientIds.size === 0) return []
    for (const event of this.newestFirst()) {
      const ended = event.kind === 'disconnected' || event.kind === 'taken over'
      if (ended && clientIds.has(event.clientId) && !found.has(event.clientId)) found.set(event.clientId, event)
      if (found.size === clientIds.size) break
    }
    return [...found.values()]
  }

  private *newestFirst(): Generator<proxy.ClientEvent> {
    for (let number = this.numbers; number > Math.max(0, this.numbers - clientEventsMax); number--) {
      yield this.ring[(number - 1) % clientEventsMax] as proxy.ClientEvent
    }
  }

  private isSameAgain(timeMs: number, { clientId, kind }: Noted): boolean {
    const { last } = this
    return last?.clientId === clientId && last.kind === kind && timeMs - last.timeMs < sameAgainMs
  }
}
