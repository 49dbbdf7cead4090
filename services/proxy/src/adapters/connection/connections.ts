import type { envelope } from '@tern/proto'
import type { Clock, Logger } from '@tern/runtime'
import { ClientEvents } from '../../core/clients/client-events.ts'
import { ConnectedClients } from '../../core/clients/connected-clients.ts'
import { connectionLimits } from '../../core/connection/limits.ts'
import type { ProxyCounters } from '../../core/counters.ts'
import { InFlightTotals } from '../../core/delivery/in-flight-totals.ts'
import type { Disconnection } from '../../ports.ts'
import type { Connection } from './connection.ts'

const tickMs = 500

/** All connections of this incarnation: looked after by one timer, and found by client id. */
export class Connections {
  /** Connections that ended since it was last reported, by why. */
  private readonly endings = new Map<string, number>()
  private reportedAt: number
  private readonly all = new Set<Connection>()
  private readonly byClient = new Map<string, Connection[]>()
  private readonly clock: Clock
  private readonly logger: Logger
  private readonly counters: ProxyCounters
  /** As of the last look after all of them. */
  inFlight = new InFlightTotals()
  private attempts = 0
  /** Those with a session, of whatever protocol. */
  readonly clients = new ConnectedClients()
  /** What became of clients here, lately. */
  readonly events = new ClientEvents()
  private stopped = false

  constructor(clock: Clock, logger: Logger, counters: ProxyCounters) {
    this.clock = clock
    this.logger = logger
    this.counters = counters
    this.reportedAt = clock.now()
    this.tick()
  }

  get size(): number {
    return this.all.size
  }

  /** Whether one more may come; who is turned away is counted with the endings. */
  admits(connectionsMax: number): boolean {
    if (this.all.size < connectionsMax) return true
    this.ended('the proxy has as many as it may')
    this.counters.turnedAway++
    return false
  }

  nextAttempt(): number {
    return ++this.attempts
  }

  add(connection: Connection): void {
    this.all.add(connection)
  }

  /** Its client id is known now. */
  name(clientId: string, connection: Connection): void {
    const known = this.byClient.get(clientId)
    if (known) known.push(connection)
    else this.byClient.set(clientId, [connection])
  }

  remove(connection: Connection, why: string): void {
    if (!this.all.delete(connection)) return
    this.ended(why)
    const { clientId } = connection
    if (clientId === undefined) return
    const others = this.byClient.get(clientId)?.filter((each) => each !== connection) ?? []
    if (others.length > 0) this.byClient.set(clientId, others)
    else this.byClient.delete(clientId)
  }

  private ended(why: string): void {
    this.endings.set(why, (this.endings.get(why) ?? 0) + 1)
  }

  has(clientId: string): boolean {
    return this.byClient.has(clientId)
  }

  superseded(clientId: string, number: envelope.ConnectionNumber): void {
    for (const connection of this.byClient.get(clientId) ?? []) connection.superseded(number)
  }

  disconnected(clientId: string, how: Disconnection): void {
    this.clients.get(clientId)?.disconnected(how)
  }

  announce(queue: number): void {
    for (const connection of this.all) connection.announce(queue)
  }

  /** Drops every client at once: this incarnation is over. */
  destroyAll(): void {
    this.stopped = true
    for (const connection of [...this.all]) connection.destroy('the proxy is over')
  }

  /** Lets every client go in order. A stream is told by the API, which stops a moment later. */
  endAll(reasonCode: number): void {
    for (const connection of [...this.all]) {
      if (connection.carrier === undefined) connection.close(reasonCode, 'the proxy stops')
    }
  }

  /** One line for all, however many a storm of them ends. */
  private report(now: number): void {
    this.reportedAt = now
    if (this.endings.size === 0) return
    this.logger.info('connections ended', Object.fromEntries(this.endings))
    this.endings.clear()
  }

  private tick(): void {
    if (this.stopped) return
    const now = this.clock.now()
    const inFlight = new InFlightTotals()
    for (const connection of this.all) connection.tick(now, inFlight)
    this.inFlight = inFlight
    this.counters.windowFullMs += inFlight.fullWindows * tickMs
    if (now - this.reportedAt >= connectionLimits.reportEveryMs) this.report(now)
    this.clock.after(tickMs, () => this.tick())
  }
}
