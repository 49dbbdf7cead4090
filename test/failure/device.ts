import mqttPacket, { type IConnackPacket, type Packet } from 'mqtt-packet'
import { Filters, packetOf, type Wanted } from './filters.ts'
import { type History, keyOf } from './history.ts'
import { Will } from './will.ts'
import { type Dial, overTcp, redialDelay, type Wire } from './wire.ts'

/** `expirySeconds` needs MQTT 5. */
type Keeping = Readonly<{ retain?: boolean; expirySeconds?: number }>
type Outgoing = Keeping & { key: string; topic: string; qos: 1 | 2; released: boolean; sent: boolean }

export type DeviceOptions = Readonly<{
  clientId: string
  /** host:port list; after a lost connection the next one is tried. */
  addresses: readonly string[]
  history: History
  subscriptions?: readonly Wanted[]
  /**
   * 'lasting' when left out: never ends (3.1.1, clean session 0). 'passing': ends with its connection (clean session 1). A number:
   * it ends so many seconds after its connection (5.0).
   */
  session?: 'lasting' | 'passing' | number
  /**
   * A will at QoS 2, another one for each connection. In the history it is a publish that CONNECT invokes, the loss of the
   * connection acknowledges (it is due now, once), and a normal DISCONNECT refuses.
   */
  willTopic?: string
  /** Needs MQTT 5. A session that is resumed earlier voids the will; one that is resumed later may have been too late. */
  willDelaySeconds?: number
  /** Unacknowledged publishes at most. */
  windowMax?: number
  /** TCP when left out. */
  dial?: Dial
}>

/**
 * A fleet device as the standard wants it: keeps its own half of the session over connections, re-sends what is not acknowledged
 * with the old packet ids [MQTT5-4.4.0-1], and writes down all that it sees.
 */
export class Device {
  readonly options: DeviceOptions
  private wire: Wire | undefined
  private attempt = 0
  private everConnected = false
  private stopped = false
  private online = false
  private readonly outgoing = new Map<number, Outgoing>()
  private readonly incoming = new Map<number, Delivered>()
  private readonly numbers = new Map<string, number>()
  private nextPacketId = 0
  private readonly waiting: (() => void)[] = []
  private readonly filters: Filters
  private readonly will: Will
  private closedAt = 0
  /** CONNECTs without an answer since the last connection: each may have made a session, or ended one. */
  private unanswered = 0
  private startsClean: 'never' | 'once' | 'always' = 'never'
  private owesNone = false
  private redials = false
  deliveredCount = 0
  lastDeliveryAt = 0

  constructor(options: DeviceOptions) {
    this.options = options
    this.filters = new Filters(options.subscriptions ?? [])
    this.will = new Will(options)
  }

  start(): Promise<void> {
    this.dial()
    return this.until(() => this.online && this.filters.settled)
  }

  stop(): void {
    this.stopped = true
    this.wire?.destroy()
  }

  /** Leaves without DISCONNECT; `start` brings it back. */
  async goOffline(): Promise<void> {
    this.stopped = true
    this.wire?.destroy()
    await this.until(() => !this.online)
  }

  /** Leaves with DISCONNECT: its will is void. */
  async leave(): Promise<void> {
    this.stopped = true
    this.will.leaves(this.online)
    this.send({ cmd: 'disconnect' })
    await this.until(() => !this.online)
  }

  comeBack(): Promise<void> {
    this.stopped = false
    // Never two connections of one device.
    if (!this.redials) this.dial()
    return this.until(() => this.online)
  }

  /** Loses its connection and comes back at once, elsewhere. */
  reconnect(): void {
    this.wire?.destroy()
  }

  /** Its session has ended meanwhile, as it was away for long: it must be told so. */
  comeBackTooLate(): Promise<void> {
    this.owesNone = true
    return this.comeBack()
  }

  /** Says nothing more on the connection that it has, and leaves it half open. */
  abandon(): void {
    this.stopped = true
    if (!this.online) {
      this.wire?.destroy()
      return
    }
    this.wire = undefined
    this.online = false
    this.disconnected('left half open')
  }

  /** Goes on over another connection, and leaves the one that it has half open, as a phone does between two networks. */
  hop(): void {
    if (!this.online || this.stopped) return
    this.abandon()
    void this.comeBack()
  }

  /**
   * Ends its session by another connection, with clean start. What it was not answered may be taken late and end a later session,
   * so then it goes on with clean starts.
   */
  startAnew(): void {
    if (!this.online || this.stopped) return
    if (this.startsClean === 'never') this.startsClean = 'once'
    this.wire?.destroy()
  }

  get isOnline(): boolean {
    return this.online
  }

  get held(): readonly Wanted[] {
    return this.filters.held
  }

  subscribe(...wanted: readonly Wanted[]): void {
    const { settled } = this.filters
    this.filters.want(wanted)
    if (settled) this.ask()
  }

  unsubscribe(filter: string): void {
    const { settled } = this.filters
    this.filters.drop(filter)
    if (settled) this.ask()
  }

  get settled(): boolean {
    return this.filters.settled
  }

  get unacknowledged(): number {
    return this.outgoing.size
  }

  /** Sends the next message of this topic, or false when the window is full; what has QoS 0 is for who is connected only. */
  publish(topic: string, qos: 0 | 1 | 2, keeping: Keeping = {}): boolean {
    if (qos === 0) {
      if (this.online)
        this.send({ cmd: 'publish', topic, payload: this.invoke(topic, { qos }), qos, dup: false, retain: false })
      return this.online
    }
    if (this.outgoing.size >= (this.options.windowMax ?? 20)) return false
    const key = this.invoke(topic, { qos, ...keeping })
    do this.nextPacketId = (this.nextPacketId % 65_535) + 1
    while (this.outgoing.has(this.nextPacketId))
    const message: Outgoing = { ...keeping, key, topic, qos, released: false, sent: this.online }
    this.outgoing.set(this.nextPacketId, message)
    if (this.online) this.sendPublish(this.nextPacketId, message, false)
    return true
  }

  /** The next number of the topic, in the history. */
  private invoke(topic: string, what: Keeping & Readonly<{ qos: 0 | 1 | 2; will?: boolean }>): string {
    const number = this.numbers.get(topic) ?? 0
    this.numbers.set(topic, number + 1)
    const key = keyOf(this.options.clientId, topic, number)
    this.options.history.record(this.options.clientId, { kind: 'invoke', key, topic, ...what })
    return key
  }

  /** Resolves once the condition holds; checked at every packet and every change of the connection. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => (condition() ? resolve() : void this.waiting.push(look))
      look()
    })
  }

  private changed(): void {
    for (const look of this.waiting.splice(0)) look()
  }

  private dial(): void {
    if (this.stopped) return
    const { addresses, dial = overTcp } = this.options
    const address = addresses[this.attempt++ % addresses.length] ?? ''
    const { protocolVersion } = this
    const parser = mqttPacket.parser({ protocolVersion })
    let waits = false
    const isPresent = () => this.wire === wire
    const wire = dial(address, {
      open: () => {
        if (isPresent()) this.connect()
      },
      data(chunk) {
        waits = false
        if (isPresent()) parser.parse(chunk)
      },
      // A paused server accepts and says nothing: give up on it as a real client library does, but not on one that only works.
      silent: () => {
        if (!isPresent() || waits) wire.destroy()
        else if (this.online) this.send({ cmd: 'pingreq' })
        waits = true
      },
      closed: (again) => {
        if (!isPresent()) return
        if (this.online) this.disconnected(address)
        this.online = false
        this.changed()
        this.redials = true
        again(redialDelay, () => {
          this.redials = false
          this.dial()
        })
      },
    })
    this.wire = wire
    parser.on('packet', (packet) => this.receive(packet))
    parser.on('error', () => wire.destroy())
  }

  private connect(): void {
    const { clientId, session = 'lasting' } = this.options
    const will = this.will.begin((topic) => this.invoke(topic, { qos: 2, will: true }))
    const clean = session === 'passing' || this.startsClean !== 'never'
    if (clean) this.ended()
    this.unanswered++
    this.send({
      ...{ cmd: 'connect', protocolId: 'MQTT', protocolVersion: this.protocolVersion, clean, clientId, keepalive: 5 },
      ...(will !== undefined && { will }),
      ...(typeof session === 'number' && { properties: { sessionExpiryInterval: session } }),
    })
  }

  private get protocolVersion(): 4 | 5 {
    return typeof this.options.session === 'number' ? 5 : 4
  }

  /** Its half of the session is over, too. */
  private ended(): void {
    this.options.history.record(this.options.clientId, { kind: 'ended' })
    this.incoming.clear()
    this.filters.begin()
  }

  private disconnected(why: string): void {
    const { history, clientId } = this.options
    this.closedAt = history.now()
    this.will.lost()
    history.record(clientId, { kind: 'closed', why })
  }

  /** It stays away: its will is due whatever its delay. */
  get lastWill(): string | undefined {
    return this.will.delayed
  }

  /** What it must be told of its session, by what it knows itself. */
  private owed(): 'kept' | 'new' | 'either' {
    const { session = 'lasting', history } = this.options
    if (session === 'passing' || this.startsClean !== 'never' || this.owesNone) return 'new'
    if (!this.everConnected) return 'either'
    return session === 'lasting' || history.now() < this.closedAt + session * 1000 ? 'kept' : 'either'
  }

  private send(packet: Packet): void {
    this.wire?.write(mqttPacket.generate(packet, { protocolVersion: this.protocolVersion }))
  }

  private sendPublish(messageId: number, message: Outgoing, dup: boolean): void {
    const { key, topic, qos, retain = false, expirySeconds } = message
    const properties = expirySeconds === undefined ? {} : { properties: { messageExpiryInterval: expirySeconds } }
    this.send({ cmd: 'publish', topic, payload: key, qos, dup, retain, messageId, ...properties })
  }

  private receive(packet: Packet): void {
    switch (packet.cmd) {
      case 'connack':
        this.connected(packet)
        break
      case 'suback':
      case 'unsuback':
        this.asked()
        break
      case 'puback':
      case 'pubcomp':
        this.acknowledged(packet.messageId ?? 0)
        break
      case 'pubrec': {
        const message = this.outgoing.get(packet.messageId ?? 0)
        if (message) message.released = true
        this.send({ cmd: 'pubrel', messageId: packet.messageId ?? 0 })
        break
      }
      case 'publish':
        this.received(packet.messageId ?? 0, {
          key: packet.payload.toString(),
          topic: packet.topic,
          qos: packet.qos,
          dup: packet.dup,
          retained: packet.retain,
        })
        break
      case 'pubrel': {
        const id = packet.messageId ?? 0
        const held = this.incoming.get(id)
        this.incoming.delete(id)
        if (held) this.deliver(held)
        this.send({ cmd: 'pubcomp', messageId: id })
        break
      }
    }
    this.changed()
  }

  private connected({ sessionPresent, returnCode, reasonCode }: IConnackPacket): void {
    if ((reasonCode ?? returnCode) !== 0) return void this.wire?.destroy()
    const owed = this.owed()
    this.options.history.record(this.options.clientId, { kind: 'connected', sessionPresent, owed })
    if (sessionPresent) this.will.resumed(this.closedAt)
    // A CONNECT that was given up may have made the session that is present, which then knows none of its subscriptions.
    if (!sessionPresent || (owed === 'either' && this.unanswered > 1)) this.ended()
    if (this.startsClean === 'once') this.startsClean = this.unanswered > 1 ? 'always' : 'never'
    this.owesNone = false
    this.unanswered = 0
    this.everConnected = true
    this.online = true
    for (const [id, message] of this.outgoing) {
      if (message.released) this.send({ cmd: 'pubrel', messageId: id })
      else this.sendPublish(id, message, message.sent)
      message.sent = true
    }
    this.ask()
  }

  private ask(): void {
    const request = this.filters.next
    if (request === undefined || !this.online) return
    const { history, clientId } = this.options
    if (request.kind === 'unsubscribe') history.record(clientId, { kind: 'unsubscribing', filter: request.filter })
    else for (const wanted of request.wanted) history.record(clientId, { kind: 'subscribing', ...wanted })
    this.send(packetOf(request))
  }

  private asked(): void {
    const { history, clientId } = this.options
    const request = this.filters.answered()
    if (request?.kind === 'unsubscribe') history.record(clientId, { kind: 'unsubscribed', filter: request.filter })
    else for (const wanted of request?.wanted ?? []) history.record(clientId, { kind: 'subscribed', ...wanted })
    this.ask()
  }

  private acknowledged(id: number): void {
    const message = this.outgoing.get(id)
    if (message === undefined) return
    this.outgoing.delete(id)
    this.options.history.record(this.options.clientId, { kind: 'ok', key: message.key })
  }

  private received(id: number, message: Delivered): void {
    if (message.qos === 2) {
      if (!this.incoming.has(id)) this.incoming.set(id, message)
      this.send({ cmd: 'pubrec', messageId: id })
      return
    }
    this.deliver(message)
    if (message.qos === 1) this.send({ cmd: 'puback', messageId: id })
  }

  private deliver(message: Delivered): void {
    this.deliveredCount++
    this.lastDeliveryAt = performance.now()
    this.options.history.record(this.options.clientId, { kind: 'delivery', ...message })
  }
}

type Delivered = { key: string; topic: string; qos: number; dup: boolean; retained: boolean }
