import type { Packet } from 'mqtt-packet'

export type Wanted = Readonly<{ filter: string; qos: 0 | 1 | 2 }>
export type Request =
  | Readonly<{ kind: 'subscribe'; wanted: readonly Wanted[] }>
  | Readonly<{ kind: 'unsubscribe'; filter: string }>

const packetId = 65_535

/** What a device wants to be subscribed to, and what it still has to ask for: one request at a time, again until it is answered. */
export class Filters {
  private readonly wanted = new Map<string, 0 | 1 | 2>()
  private requests: Request[] = []

  constructor(wanted: readonly Wanted[]) {
    if (wanted.length > 0) this.want(wanted)
  }

  get settled(): boolean {
    return this.requests.length === 0
  }

  get held(): readonly Wanted[] {
    return [...this.wanted].map(([filter, qos]) => ({ filter, qos }))
  }

  want(wanted: readonly Wanted[]): void {
    for (const { filter, qos } of wanted) this.wanted.set(filter, qos)
    this.requests.push({ kind: 'subscribe', wanted })
  }

  drop(filter: string): void {
    if (this.wanted.delete(filter)) this.requests.push({ kind: 'unsubscribe', filter })
  }

  /** A session that knows nothing is told all. */
  begin(): void {
    this.requests = this.wanted.size === 0 ? [] : [{ kind: 'subscribe', wanted: this.held }]
  }

  get next(): Request | undefined {
    return this.requests[0]
  }

  answered(): Request | undefined {
    return this.requests.shift()
  }
}

export function packetOf(request: Request): Packet {
  if (request.kind === 'unsubscribe')
    return { cmd: 'unsubscribe', messageId: packetId, unsubscriptions: [request.filter] }
  const subscriptions = request.wanted.map(({ filter, qos }) => ({ topic: filter, qos }))
  return { cmd: 'subscribe', messageId: packetId, subscriptions }
}
