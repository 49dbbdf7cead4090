import { reasonOf } from '../lib/words.ts'
import {
  ack,
  type Connect,
  connect,
  disconnect,
  PacketStream,
  type Publish,
  pingreq,
  publish,
  type QoS,
  type ServerPacket,
  subscribe,
  unsubscribe,
} from './packets.ts'
import type { Properties } from './properties.ts'

export type LogEntry = Readonly<{ id: number; at: number; way: 'out' | 'in'; what: string }>

export type SessionEvents = Readonly<{
  state(state: 'connected' | 'closed', why: string): void
  message(message: Publish): void
  log(entry: Omit<LogEntry, 'id'>): void
}>

/** One MQTT 5 connection of the page: QoS 0 to 2 both ways, pings, and words for whatever happens. */
export class MqttSession {
  readonly #socket: WebSocket
  readonly #events: SessionEvents
  readonly #stream = new PacketStream()
  readonly #answers = new Map<number, (reasonCodes: readonly number[]) => void>()
  /** Ids of QoS 2 that came and were not released [MQTT5-4.3.3]. */
  readonly #received = new Set<number>()
  readonly #aliases = new Map<number, string>()
  #next = 1
  #pings: ReturnType<typeof setInterval> | undefined
  #why = ''

  constructor(url: string, options: Connect, events: SessionEvents) {
    this.#events = events
    this.#socket = new WebSocket(url, 'mqtt')
    this.#socket.binaryType = 'arraybuffer'
    this.#socket.onopen = () => this.#send(connect(options), `CONNECT ${options.clientId || '(no client id)'}`)
    this.#socket.onmessage = ({ data }) => this.#heard(new Uint8Array(data as ArrayBuffer))
    this.#socket.onclose = () => {
      clearInterval(this.#pings)
      this.#answers.clear()
      events.state('closed', this.#why === '' ? 'the connection is closed' : this.#why)
    }
    this.#socket.onerror = () => {
      this.#why ||= `${url} cannot be reached`
    }
    this.#pings = setInterval(() => this.#open && this.#send(pingreq(), 'PINGREQ'), options.keepAliveSeconds * 900)
  }

  get #open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /** Resolves with its reason code, once the server has it for good (QoS 1 and 2) or at once (QoS 0). */
  publish(topic: string, payload: Uint8Array, qos: QoS, retain: boolean, properties: Properties): Promise<number> {
    const packetId = qos === 0 ? 0 : this.#id()
    const answered = qos === 0 ? Promise.resolve(0) : this.#answer(packetId).then(([code = 0]) => code)
    this.#send(
      publish({ topic, payload, qos, retain, packetId, properties }),
      `PUBLISH ${topic} QoS ${qos}${retain ? ' retained' : ''}, ${payload.length} bytes`,
    )
    return answered
  }

  subscribe(filter: string, qos: QoS, noLocal: boolean): Promise<number> {
    const packetId = this.#id()
    const answered = this.#answer(packetId).then(([code = 0x80]) => code)
    this.#send(subscribe(packetId, filter, qos, noLocal), `SUBSCRIBE ${filter} QoS ${qos}`)
    return answered
  }

  unsubscribe(filter: string): Promise<number> {
    const packetId = this.#id()
    const answered = this.#answer(packetId).then(([code = 0]) => code)
    this.#send(unsubscribe(packetId, filter), `UNSUBSCRIBE ${filter}`)
    return answered
  }

  /** `abruptly`: as a lost connection, so that the will fires. */
  close(abruptly = false): void {
    if (!abruptly && this.#open) this.#send(disconnect(0), 'DISCONNECT')
    this.#why = abruptly ? 'the connection was dropped without a DISCONNECT' : 'disconnected'
    this.#socket.close()
  }

  #id(): number {
    const id = this.#next
    this.#next = id === 65_535 ? 1 : id + 1
    return id
  }

  #answer = (packetId: number): Promise<readonly number[]> =>
    new Promise((resolve) => void this.#answers.set(packetId, resolve))

  #settle(packetId: number, codes: readonly number[]): void {
    this.#answers.get(packetId)?.(codes)
    this.#answers.delete(packetId)
  }

  #send(bytes: Uint8Array<ArrayBuffer>, what: string): void {
    this.#events.log({ at: Date.now(), way: 'out', what })
    if (this.#open) this.#socket.send(bytes)
  }

  #heard(bytes: Uint8Array): void {
    try {
      for (const packet of this.#stream.push(bytes)) this.#packet(packet)
    } catch (error) {
      this.#why = (error as Error).message
      this.#socket.close()
    }
  }

  #packet(packet: ServerPacket): void {
    if (packet.type !== 'publish') this.#events.log({ at: Date.now(), way: 'in', what: wordsOf(packet) })
    switch (packet.type) {
      case 'connack':
        if (packet.reasonCode >= 128) this.#why = wordsOf(packet)
        else this.#events.state('connected', packet.sessionPresent ? 'session resumed' : 'new session')
        break
      case 'publish':
        this.#published(packet)
        break
      case 'puback':
      case 'pubcomp':
        this.#settle(packet.packetId, [packet.reasonCode])
        break
      case 'pubrec':
        if (packet.reasonCode >= 128) this.#settle(packet.packetId, [packet.reasonCode])
        else this.#send(ack('pubrel', packet.packetId), `PUBREL ${packet.packetId}`)
        break
      case 'pubrel':
        this.#received.delete(packet.packetId)
        this.#send(ack('pubcomp', packet.packetId), `PUBCOMP ${packet.packetId}`)
        break
      case 'suback':
      case 'unsuback':
        this.#settle(packet.packetId, packet.reasonCodes)
        break
      case 'disconnect':
        this.#why = wordsOf(packet)
        break
      case 'pingresp':
        break
    }
  }

  #published(packet: Publish): void {
    const { topicAlias } = packet.properties
    if (topicAlias !== undefined && packet.topic !== '') this.#aliases.set(topicAlias, packet.topic)
    const topic = packet.topic === '' ? (this.#aliases.get(topicAlias ?? 0) ?? '') : packet.topic
    this.#events.log({
      at: Date.now(),
      way: 'in',
      what: `PUBLISH ${topic} QoS ${packet.qos}${packet.dup ? ' again' : ''}, ${packet.payload.length} bytes`,
    })
    const repeated = packet.qos === 2 && this.#received.has(packet.packetId)
    if (!repeated) this.#events.message({ ...packet, topic })
    if (packet.qos === 1) this.#send(ack('puback', packet.packetId), `PUBACK ${packet.packetId}`)
    if (packet.qos === 2) {
      this.#received.add(packet.packetId)
      this.#send(ack('pubrec', packet.packetId), `PUBREC ${packet.packetId}`)
    }
  }
}

const wordsOf = (packet: Exclude<ServerPacket, Publish>): string => {
  const codes = 'reasonCodes' in packet ? packet.reasonCodes : 'reasonCode' in packet ? [packet.reasonCode] : []
  const said = 'properties' in packet ? packet.properties.reasonString : undefined
  const reasons = codes.map((code) => reasonOf(code)).join(', ')
  return [packet.type.toUpperCase(), 'packetId' in packet ? packet.packetId : '', reasons, said ?? '']
    .filter((each) => each !== '')
    .join(' ')
}
