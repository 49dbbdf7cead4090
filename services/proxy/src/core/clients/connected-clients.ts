import { SortedKeys } from '@tern/mqtt'
import type { state } from '@tern/proto'
import type { ConnectedClient } from './connected-client.ts'

/** The clients that are connected here, by client id. */
export class ConnectedClients {
  private readonly clients = new Map<string, ConnectedClient>()
  private keys: SortedKeys | undefined

  get size(): number {
    return this.clients.size
  }

  /** A newer connection of a client takes the place of an older one. */
  add(clientId: string, client: ConnectedClient): void {
    this.clients.set(clientId, client)
    if (client.endsWithConnection) this.keys?.add(clientId)
    else this.keys?.delete(clientId)
  }

  remove(clientId: string, client: ConnectedClient): void {
    if (this.clients.get(clientId) !== client) return
    this.clients.delete(clientId)
    this.keys?.delete(clientId)
  }

  get(clientId: string): ConnectedClient | undefined {
    return this.clients.get(clientId)
  }

  all(): Iterable<ConnectedClient> {
    return this.clients.values()
  }

  /** Of those whose home knows no subscriptions, in order. Kept from the first question on: most proxies are never asked. */
  *from(prefix: string, after: string): Generator<string> {
    const keys = this.ordered()
    let key = keys.from(after === '' || after < prefix ? prefix : `${after}\u0000`)
    while (key?.startsWith(prefix)) {
      yield key
      key = keys.from(`${key}\u0000`)
    }
  }

  /** Of those whose home knows none. */
  subscriptionsOf(clientId: string): readonly state.Subscription[] {
    const client = this.clients.get(clientId)
    return client?.endsWithConnection ? client.subscriptions() : []
  }

  private ordered(): SortedKeys {
    if (this.keys === undefined) {
      this.keys = new SortedKeys()
      for (const [clientId, { endsWithConnection }] of this.clients) if (endsWithConnection) this.keys.add(clientId)
    }
    return this.keys
  }
}
