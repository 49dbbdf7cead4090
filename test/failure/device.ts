import mqttPacket, { type IConnackPacket, type Packet } from 'mqtt-packet'
import { type History, keyOf } from './history.ts'
import { type Dial, overTcp, redialDelay, type Wire } from './wire.ts'

type Outgoing = { key: string; topic: string; qos: 1 | 2; retain: boolean; released: boolean; sent: boolean }

export type DeviceOptions = Readonly<{
  clientId: string
  /** host:port list; after a lost connection the next one is tried. */
  addresses: readonly string[]
  history: History
  subscriptions?: readonly { filter: string; qos: 0 | 1 | 2 }[]
  /**
   * A will at QoS 2, another one for each connection. In the history it is a publish that CONNECT invokes, the loss of the
   * connection acknowledges (it is due now, once), and a normal DISCONNECT refuses.
   */
  willTopic?: string
  /** Unacknowledged publishes at most. */
  windowMax?: number
  /** TCP when left out. */
  dial?: Dial
}>

/**
 * A fleet device as the standard wants it (3.1.1, clean session 0): keeps its own half of the session over connections,
 * re-sends what is not acknowledged with the old packet ids [MQTT5-4.4.0-1], and writes down all that it sees.
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
  private subscribed = false
  private willKey: string | undefined
  private redials = false
  deliveredCount = 0
  lastDeliveryAt = 0

  constructor(options: DeviceOptions) {
    this.options = options
  }

  start(): Promise<void> {
    this.dial()
    return this.until(() => this.online && (this.subscribed || !this.options.subscriptions?.length))
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
    const key = this.online ? this.willKey : undefined
    this.willKey = undefined
    if (key !== undefined) this.options.history.record(this.options.clientId, { kind: 'refused', key })
    this.send({ cmd: 'disconnect' })
    await this.until(() => !this.online)
  }

  comeBack(): Promise<void> {
    this.stopped = false
    // Never two connections of one device.
    if (!this.redials) this.dial()
    return this.until(() => this.online)
  }

  get unacknowledged(): number {
    return this.outgoing.size
  }

  /** Sends the next message of this topic, or false when the window is full. */
  publish(topic: string, qos: 1 | 2, retain = false): boolean {
    if (this.outgoing.size >= (this.options.windowMax ?? 20)) return false
    const key = this.invoke(topic, { qos, retain })
    do this.nextPacketId = (this.nextPacketId % 65_535) + 1
    while (this.outgoing.has(this.nextPacketId))
    const message: Outgoing = { key, topic, qos, retain, released: false, sent: this.online }
    this.outgoing.set(this.nextPacketId, message)
    if (this.online) this.sendPublish(this.nextPacketId, message, false)
    return true
  }

  /** The next number of the topic, in the history. */
  private invoke(topic: string, what: Readonly<{ qos: 1 | 2; retain?: boolean; will?: boolean }>): string {
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
    const parser = mqttPacket.parser({ protocolVersion: 4 })
    let pinged = false
    const wire = dial(address, {
      open: () => this.connect(),
      data(chunk) {
        pinged = false
        parser.parse(chunk)
      },
      // A paused server accepts and says nothing: give up on it as a real client library does.
      silent: () => {
        if (pinged || !this.online || this.outgoing.size > 0) wire.destroy()
        else this.send({ cmd: 'pingreq' })
        pinged = true
      },
      closed: (again) => {
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
    const { clientId, willTopic } = this.options
    this.willKey = willTopic === undefined ? undefined : this.invoke(willTopic, { qos: 2, will: true })
    const will = { topic: willTopic ?? '', payload: Buffer.from(this.willKey ?? ''), qos: 2, retain: false } as const
    this.send({
      ...{ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: false, clientId, keepalive: 5 },
      ...(willTopic !== undefined && { will }),
    })
  }

  private disconnected(why: string): void {
    const { history, clientId } = this.options
    if (this.willKey !== undefined) history.record(clientId, { kind: 'ok', key: this.willKey })
    this.willKey = undefined
    history.record(clientId, { kind: 'closed', why })
  }

  private send(packet: Packet): void {
    this.wire?.write(mqttPacket.generate(packet, { protocolVersion: 4 }))
  }

  private sendPublish(messageId: number, { key, topic, qos, retain }: Outgoing, dup: boolean): void {
    this.send({ cmd: 'publish', topic, payload: key, qos, dup, retain, messageId })
  }

  private receive(packet: Packet): void {
    switch (packet.cmd) {
      case 'connack':
        this.connected(packet)
        break
      case 'suback':
        for (const { filter, qos } of this.options.subscriptions ?? [])
          this.options.history.record(this.options.clientId, { kind: 'subscribed', filter, qos })
        this.subscribed = true
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

  private connected({ sessionPresent, returnCode }: IConnackPacket): void {
    if (returnCode !== 0) return void this.wire?.destroy()
    this.options.history.record(this.options.clientId, {
      kind: 'connected',
      sessionPresent,
      first: !this.everConnected,
    })
    this.everConnected = true
    this.online = true
    for (const [id, message] of this.outgoing) {
      if (message.released) this.send({ cmd: 'pubrel', messageId: id })
      else this.sendPublish(id, message, message.sent)
      message.sent = true
    }
    const { subscriptions } = this.options
    if (!this.subscribed && subscriptions?.length) {
      this.send({
        cmd: 'subscribe',
        messageId: 65_535,
        subscriptions: subscriptions.map(({ filter, qos }) => ({ topic: filter, qos })),
      })
    }
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
