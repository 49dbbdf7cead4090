import { type KeyedPage, SortedKeys } from '@tern/mqtt'
import type { Client, Session } from './client.ts'

/** A page looks at no more sessions than this, so that a wish that few fulfil does not hold up the event loop. */
export const sessionsLookedAtMax = 20_000

export type SessionWish = Readonly<{ connected?: boolean | undefined; proxies: ReadonlySet<number> }>

export const isWished = (session: Session, { connected, proxies }: SessionWish): boolean =>
  (connected === undefined || connected === (session.disconnectedAtMs === undefined)) &&
  (proxies.size === 0 || proxies.has(session.proxy))

/** The client ids of one home that have a session, in order: a page costs what it shows, however many there are. */
export class SessionIndex {
  private readonly keys = new SortedKeys()
  connected = 0

  get size(): number {
    return this.keys.size
  }

  changed(clientId: string, { session: before }: Pick<Client, 'session'>, { session }: Pick<Client, 'session'>): void {
    this.connected += isConnected(session) - isConnected(before)
    if (session !== undefined && before === undefined) this.keys.add(clientId)
    else if (session === undefined && before !== undefined) this.keys.delete(clientId)
  }

  /** Client ids with the prefix, above `after` unless that is empty. */
  *from(prefix: string, after: string): Generator<string> {
    let key = this.keys.from(after === '' || after < prefix ? prefix : `${after}\u0000`)
    while (key?.startsWith(prefix)) {
      yield key
      key = this.keys.from(`${key}\u0000`)
    }
  }

  page(
    { prefix, after, limit }: Readonly<{ prefix: string; after: string; limit: number }>,
    isWanted: (clientId: string) => boolean,
  ): KeyedPage<string> {
    const items: string[] = []
    let looked = 0
    let last = after
    for (const clientId of this.from(prefix, after)) {
      if (items.length >= limit || looked >= sessionsLookedAtMax) return { items, next: last }
      if (isWanted(clientId)) items.push(clientId)
      last = clientId
      looked++
    }
    return { items }
  }
}

const isConnected = (session: Session | undefined): number =>
  session !== undefined && session.disconnectedAtMs === undefined ? 1 : 0
