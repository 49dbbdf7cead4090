import { connect, type Socket } from 'node:net'
import mqttPacket, {
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type ISubscription,
  type Packet,
} from 'mqtt-packet'

export type Version = 3 | 4 | 5

/** A client that sends what it is told, byte by byte if need be, and says what came and how it ended. */
export class RawClient {
  readonly received: Packet[] = []
  isClosed = false
  private readonly socket: Socket
  private readonly version: Version
  private readonly waiting: (() => void)[] = []
  private subscribed = 100
  private listener: (packet: Packet) => void = () => {}

  constructor(address: string, version: Version = 5) {
    const at = address.lastIndexOf(':')
    this.version = version
    this.socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true })
    const parser = mqttPacket.parser({ protocolVersion: version })
    parser.on('packet', (packet) => {
      this.received.push(packet)
      this.listener(packet)
    })
    parser.on('error', () => {})
    this.socket.on('data', (chunk) => {
      parser.parse(chunk)
      this.wake()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.isClosed = true
      this.wake()
    })
  }

  /** Connects and resolves with the CONNACK. */
  static async open(address: string, clientId: string, fields: Partial<IConnectPacket> = {}): Promise<RawClient> {
    const version = (fields.protocolVersion ?? 5) as Version
    const client = new RawClient(address, version)
    client.connect(clientId, fields)
    await client.next('connack')
    return client
  }

  connect(clientId: string, fields: Partial<IConnectPacket> = {}): void {
    const protocolId = fields.protocolVersion === 3 ? 'MQIsdp' : 'MQTT'
    this.send({ cmd: 'connect', clientId, clean: true, keepalive: 60, protocolVersion: 5, protocolId, ...fields })
  }

  get connack(): IConnackPacket | undefined {
    return this.received.find((packet): packet is IConnackPacket => packet.cmd === 'connack')
  }

  send(packet: Packet): void {
    this.bytes(mqttPacket.generate(packet, { protocolVersion: this.version }))
  }

  bytes(bytes: Uint8Array | number[]): void {
    this.socket.write(Buffer.from(bytes))
  }

  /** The first packet of a kind that came, or comes. */
  async next<Cmd extends Packet['cmd']>(cmd: Cmd, fits: (packet: Packet) => boolean = () => true) {
    for (;;) {
      const found = this.received.find((packet) => packet.cmd === cmd && fits(packet))
      if (found) return found as Extract<Packet, { cmd: Cmd }>
      if (this.isClosed) throw new Error(`closed before ${cmd} came`)
      await new Promise<void>((resolve) => void this.waiting.push(resolve))
    }
  }

  /** Resolves when the server has closed, with the reason code of its DISCONNECT if it sent one. */
  async closed(): Promise<number | undefined> {
    while (!this.isClosed) await new Promise<void>((resolve) => void this.waiting.push(resolve))
    const goodbye = this.received.find((packet) => packet.cmd === 'disconnect')
    return goodbye?.cmd === 'disconnect' ? goodbye.reasonCode : undefined
  }

  /** A PINGREQ is answered: the connection lives, and all that was sent before it has been read. */
  async alive(): Promise<void> {
    const before = this.received.filter(({ cmd }) => cmd === 'pingresp').length
    this.send({ cmd: 'pingreq' })
    while (this.received.filter(({ cmd }) => cmd === 'pingresp').length === before) {
      if (this.isClosed) throw new Error('the connection is closed')
      await new Promise<void>((resolve) => void this.waiting.push(resolve))
    }
  }

  /** Subscribes to one filter; resolves with the code that was granted. */
  async subscribe(
    topic: string,
    qos: 0 | 1 | 2 = 0,
    more: Partial<ISubscription> = {},
    properties = {},
  ): Promise<number> {
    const messageId = ++this.subscribed
    this.send({ cmd: 'subscribe', messageId, subscriptions: [{ topic, qos, ...more } as ISubscription], properties })
    const { granted } = await this.next('suback', (packet) => packet.messageId === messageId)
    return granted[0] as number
  }

  /** The messages that came so far. */
  get messages(): IPublishPacket[] {
    return this.received.filter((packet): packet is IPublishPacket => packet.cmd === 'publish')
  }

  get payloads(): string[] {
    return this.messages.map(({ payload }) => String(payload))
  }

  /** The first message with this payload that came, or comes. */
  message(payload: string): Promise<IPublishPacket> {
    return this.next('publish', (packet) => packet.cmd === 'publish' && String(packet.payload) === payload)
  }

  /** Resolves when more has come. */
  async more(): Promise<void> {
    if (this.isClosed) throw new Error('the connection is closed')
    await new Promise<void>((resolve) => void this.waiting.push(resolve))
  }

  /** Calls back for each packet that came, and that comes. */
  listen(each: (packet: Packet) => void): void {
    for (const packet of this.received) each(packet)
    this.listener = each
  }

  /** From now on answers what comes at QoS 1. */
  acknowledge(): void {
    this.listen((packet) => {
      if (packet.cmd === 'publish' && packet.qos === 1) this.send({ cmd: 'puback', messageId: packet.messageId ?? 0 })
    })
  }

  /** Half-closes, as who has said all. */
  end(): void {
    this.socket.end()
  }

  get bytesRead(): number {
    return this.socket.bytesRead
  }

  stopReading(): void {
    this.socket.pause()
  }

  destroy(): void {
    this.socket.destroy()
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}
