import { type DisconnectPacket, parseFilter, reasonCode } from '@tern/mqtt'
import { type envelope, home, type state } from '@tern/proto'
import type { ConnectRequest } from '../../core/connection/connect.ts'
import { connectionLimits } from '../../core/connection/limits.ts'
import type { Author } from '../../core/connection/records.ts'
import { Delivery } from '../../core/delivery/delivery.ts'
import type { InFlightTotals } from '../../core/delivery/in-flight-totals.ts'
import type { SessionConnection } from './connection.ts'
import { Publishing } from './publishing.ts'
import { Subscribing } from './subscribing.ts'

type Call = NonNullable<home.HomeCall['call']>

const { checkpointEveryMs, quietCheckpointEveryMs } = connectionLimits

/** A session while it is connected here: what it publishes, what it gets, and what its home knows of it. */
export class Session {
  readonly connection: SessionConnection
  readonly request: ConnectRequest
  readonly author: Author
  /** What its home kept of it; made use of when its delivery begins. */
  private readonly resumed: home.SessionOpened | undefined
  private outbound: Delivery | undefined
  private publishes: Publishing | undefined
  private subscribes: Subscribing | undefined
  private over = false
  private checkpointing = false
  private checkpointed = { revision: 0, at: 0 }

  constructor(
    connection: SessionConnection,
    request: ConnectRequest,
    opened: home.SessionOpened,
    number: envelope.ConnectionNumber,
  ) {
    this.connection = connection
    this.request = request
    this.author = { clientId: request.clientId, connection: number, session: opened.session ?? number }
    this.checkpointed.at = connection.context.clock.now()
    if (opened.sessionPresent) this.resumed = opened
  }

  /** Most of a fleet is silent, and of the others many either publish or subscribe: each part is made when it is first needed. */
  get delivery(): Delivery {
    this.outbound ??= this.beginDelivery()
    return this.outbound
  }

  get publishing(): Publishing {
    this.publishes ??= new Publishing(this, this.resumed !== undefined)
    return this.publishes
  }

  get subscribing(): Subscribing {
    this.subscribes ??= new Subscribing(this)
    return this.subscribes
  }

  /** What it has needed so far. */
  get parts(): Readonly<{ delivery: Delivery | undefined; publishing: Publishing | undefined }> {
    return { delivery: this.outbound, publishing: this.publishes }
  }

  private beginDelivery(): Delivery {
    const { connection, request, resumed } = this
    const { fanOut, groups, region, ledger, clock, counters, logger } = connection.context
    const { clientId, version, receiveMaximum, packetBytesMax, topicAliasMaximum } = request
    return new Delivery({
      ...{ fanOut, groups, region, clock, clientId, version, receiveMaximum, packetBytesMax, topicAliasMaximum },
      ...{ ledger, counters },
      taker: { ...this.author, clean: !this.persists },
      journalled: this.persists,
      journal: resumed?.journal ?? [],
      present: resumed !== undefined,
      ...(resumed?.cursor && { cursor: resumed.cursor }),
      carrier: connection.carrier,
      send: (bytes) => connection.write(bytes),
      writable: () => connection.isWritable(),
      writeJournal: (entries, done) => this.writeJournal(entries, done),
      checkpointWanted: () => this.checkpoint(clock.now()),
      onSuperseded: () => this.tookOver(),
      onGap(queue, first, last) {
        counters.gaps++
        logger.warn('retention took messages before a session had them', { clientId, queue, first, last })
      },
    })
  }

  /** The session outlives its connection. */
  get persists(): boolean {
    return this.request.expirySeconds > 0
  }

  isAtMost({ epoch, counter }: envelope.ConnectionNumber): boolean {
    const mine = this.author.connection
    return mine.epoch < epoch || (mine.epoch === epoch && mine.counter <= counter)
  }

  /** Goes on where the session was left; the client is not read before its subscriptions are in force. */
  async resume({ subscriptions }: home.SessionOpened): Promise<void> {
    const groups = subscriptions.flatMap(({ filter }) => (parseFilter(filter)?.share === undefined ? [] : filter))
    await Promise.all([this.subscribing.resume(subscriptions), this.delivery.attachShared(groups)])
    if (!this.over) this.delivery.resume()
  }

  /** Asks the home; closes the connection when a newer one has taken over. Undefined then, and when it is over. */
  async callHome(call: Call): Promise<home.HomeAnswer | undefined> {
    const answer = await this.connection.context.region.callHome(this.author.clientId, call)
    if (this.over) return undefined
    if (answer.status !== home.HomeStatus.SUPERSEDED) return answer
    this.tookOver()
    return undefined
  }

  private tookOver(): void {
    this.connection.close(reasonCode.sessionTakenOver, 'the session was taken over')
  }

  disconnect({ reasonCode: code, properties }: DisconnectPacket): void {
    const expirySeconds = properties.sessionExpiryInterval
    if (expirySeconds !== undefined && expirySeconds > 0 && !this.persists) {
      // MQTT 5, 3.14.2.2.2.
      this.connection.close(reasonCode.protocolError, 'DISCONNECT would make a session last that was not to')
      return
    }
    this.connection.left(code !== reasonCode.normalDisconnection, expirySeconds)
  }

  /** The connection is over: the home is told, for as long as it takes. */
  ended({ willApplies, expirySeconds }: Readonly<{ willApplies: boolean; expirySeconds?: number | undefined }>): void {
    if (this.over) return
    const cursor = this.persists ? this.delivery.cursor : undefined
    this.dropped()
    const { clientId, connection } = this.author
    const value: home.CloseConnection = {
      connection,
      willApplies,
      cursor,
      ...(expirySeconds !== undefined && { expirySeconds }),
    }
    const report = () => void this.connection.context.region.callHome(clientId, { $case: 'close', value })
    // The will comes after what the client published before (D9).
    if (willApplies && this.request.will !== undefined && this.publishes) this.publishes.whenSettled(report)
    else report()
  }

  /** Forgets everything here, without a word to anybody. */
  dropped(): void {
    if (this.over) return
    this.over = true
    this.outbound?.close()
    this.subscribes?.close()
  }

  /** The home has moved: it does not know of sessions that end with their connection (D9). */
  announce(queue: number): void {
    const { region } = this.connection.context
    const { clientId, connection, session } = this.author
    if (this.over || region.queueOf(clientId) !== queue) return
    const { expirySeconds } = this.request
    void this.callHome({ $case: 'announce', value: { connection, session, expirySeconds } })
  }

  /** The socket takes more. */
  drained(): void {
    this.outbound?.writableAgain()
  }

  tick(now: number, totals: InFlightTotals): void {
    this.outbound?.tick()
    if (this.outbound !== undefined) totals.add(this.outbound.window, now)
    if (!this.persists) return
    const { revision } = this.delivery
    const since = now - this.checkpointed.at
    const moved = revision !== this.checkpointed.revision
    if (!(moved && since >= checkpointEveryMs) && since < quietCheckpointEveryMs) return
    this.checkpoint(now)
  }

  private checkpoint(now: number): void {
    if (this.checkpointing) return
    this.checkpointing = true
    this.checkpointed = { revision: this.delivery.revision, at: now }
    const { cursor, durable } = this.delivery.checkpoint()
    void this.callHome({ $case: 'checkpoint', value: { connection: this.author.connection, cursor } }).then(
      (answer) => {
        this.checkpointing = false
        if (answer?.status === home.HomeStatus.OK) durable()
      },
    )
  }

  private writeJournal(entries: state.JournalEntry[], done: (ok: boolean) => void): void {
    const value = { connection: this.author.connection, entries }
    void this.callHome({ $case: 'journal', value }).then((answer) => done(answer?.status === home.HomeStatus.OK))
  }
}
