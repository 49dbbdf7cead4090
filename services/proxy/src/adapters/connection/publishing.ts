import {
  encodeAck,
  isUtf8,
  isValidTopicName,
  type Properties,
  type PublishPacket,
  reasonCode,
  reasonName,
} from '@tern/mqtt'
import { InboundAliases } from '../../core/connection/inbound-aliases.ts'
import { type Exchange, InboundExchanges } from '../../core/connection/inbound-exchanges.ts'
import { connectionLimits } from '../../core/connection/limits.ts'
import { messageRecord, releaseRecord } from '../../core/connection/records.ts'
import { isReserved } from '../../core/connection/reserved-topics.ts'
import { contextOf } from '../../core/ledger/publish-entry.ts'
import type { AppendResult } from '../../ports.ts'
import type { Session } from './session.ts'

/** An acknowledgement that tells of a trace is shorter. */
const tellingBytesMax = 128

/** The trace of the message at a position, as `traceparent`. */
type Telling = (position: number) => string

/** What a client publishes: to the queue of its topic, and acknowledged when it is durable there. */
export class Publishing {
  private readonly session: Session
  private readonly sessionPresent: boolean
  private readonly aliases = new InboundAliases()
  private readonly exchanges = new InboundExchanges()
  /** Records on their way, of any QoS, and who waits until there are none. */
  private appending = 0
  private settled: (() => void) | undefined
  /** On their way to a queue, or beyond. */
  published = 0
  /** QoS 1 packets that are not answered. */
  private unanswered = 0
  /** The connection is not read, since versions before 5 know no Receive Maximum. */
  private full = false
  /** Exchanges of earlier connections of the session, asked for once. */
  private earlier: Promise<ReadonlyMap<number, number>> | undefined

  constructor(session: Session, sessionPresent: boolean) {
    this.session = session
    this.sessionPresent = sessionPresent
  }

  publish(packet: PublishPacket): void {
    const { connection } = this.session
    const topic = this.aliases.topicOf(packet)
    if (typeof topic === 'number') connection.close(topic, 'a topic alias that is not known')
    else if (!isValidTopicName(topic)) connection.close(reasonCode.topicNameInvalid, 'a topic name is not valid')
    else if (isReserved(topic)) this.refuse(packet, topic, reasonCode.notAuthorized)
    else if (!this.payloadFits(packet)) this.refuse(packet, topic, reasonCode.payloadFormatInvalid)
    else if (packet.qos === 0) this.append(packet, topic, (result) => this.answerNothing(result))
    else if (!this.mayTake(packet)) return
    else if (packet.qos === 1) this.publishAtLeastOnce(packet, topic)
    else this.publishExactlyOnce(packet, topic)
  }

  release(packetId: number): void {
    const exchange = this.exchanges.get(packetId)
    if (exchange?.phase === 'received') this.appendRelease(packetId, exchange)
    else if (exchange === undefined) void this.releaseEarlier(packetId)
    // Before its PUBREC nobody can know of the exchange; a second PUBREL is answered with the first.
    else if (exchange.phase === 'receiving') this.ack('pubcomp', packetId, reasonCode.packetIdentifierNotFound)
  }

  /** Whether it is within what the client may have unanswered [MQTT5-3.3.4-9]. */
  private mayTake({ packetId, qos }: PublishPacket): boolean {
    const { connection, request } = this.session
    const known = qos === 2 && this.exchanges.get(packetId) !== undefined
    if (request.announced.receiveMaximum === undefined || known) return true
    if (this.unanswered + this.exchanges.count < connectionLimits.receiveMaximum) return true
    connection.close(reasonCode.receiveMaximumExceeded, 'more is unanswered than Receive Maximum allows')
    return false
  }

  // Whatever a callback uses stays in memory until the log has answered: none of them may hold a packet, which views a whole read of the socket.
  private publishAtLeastOnce(packet: PublishPacket, topic: string): void {
    const { packetId } = packet
    const telling = this.tellingOf(packet, topic)
    if (!this.append(packet, topic, (result) => this.answerPuback(packetId, telling, result))) return
    this.unanswered++
    this.stopWhenFull()
  }

  private publishExactlyOnce(packet: PublishPacket, topic: string): void {
    const { packetId } = packet
    const known = this.exchanges.get(packetId)
    if (known !== undefined) {
      // A repetition of what is durable already; otherwise the answer is under way.
      if (known.phase !== 'receiving') this.ack('pubrec', packetId, 0)
      return
    }
    const { region } = this.session.connection.context
    const exchange = this.exchanges.begin(packetId, region.queueOf(topic))
    const telling = this.tellingOf(packet, topic)
    const appended = this.append(packet, topic, (result) => this.answerPubrec(packetId, exchange, telling, result))
    if (!appended) this.exchanges.end(packetId)
    else this.stopWhenFull()
  }

  /** False when the queue has no room: the packet is handled again later. */
  private append(packet: PublishPacket, topic: string, answer: (result: AppendResult) => void): boolean {
    const { connection, author } = this.session
    const { region, clock, counters } = connection.context
    const queue = region.queueOf(topic)
    if (!region.hasRoom(queue)) {
      // By its topic, since an alias was taken in already.
      const { topicAlias: _, ...properties } = packet.properties
      connection.holdUntilRoom?.({ ...packet, topic, properties }, queue)
      return false
    }
    this.appending++
    counters.publish(packet.qos, packet.payload.length)
    this.published++
    region.append(queue, messageRecord(author, topic, packet, connection.heardAt ?? clock.now()), (result) => {
      this.appended()
      if (connection.isClosed) return
      if (result.verdict === 'superseded') connection.close(reasonCode.sessionTakenOver, 'the session was taken over')
      else answer(result)
    })
    return true
  }

  /** Calls back once all that was published is answered. */
  whenSettled(then: () => void): void {
    this.settled = then
    if (this.appending === 0) then()
  }

  private appended(): void {
    if (--this.appending === 0) this.settled?.()
  }

  /** A refusal is all that can be said of a message of QoS 0. */
  private answerNothing(result: AppendResult): void {
    if (result.verdict !== 'refused') return
    this.countRefusal(result.reasonCode)
    this.session.connection.close(result.reasonCode, 'a message was refused')
  }

  private answerPuback(packetId: number, telling: Telling | undefined, result: AppendResult): void {
    this.unanswered--
    this.ackPublish('puback', packetId, telling, result)
    this.readOn()
  }

  private answerPubrec(packetId: number, exchange: Exchange, telling: Telling | undefined, result: AppendResult): void {
    if (result.verdict === 'refused') {
      this.exchanges.end(packetId)
      this.ackPublish('pubrec', packetId, telling, result)
      this.readOn()
      return
    }
    exchange.phase = 'received'
    this.ackPublish('pubrec', packetId, telling, result)
  }

  private appendRelease(packetId: number, exchange: Exchange): void {
    const { connection, author } = this.session
    exchange.phase = 'releasing'
    this.appending++
    connection.context.region.append(exchange.queue, releaseRecord(author, packetId), (result) => {
      this.appended()
      if (connection.isClosed) return
      if (result.verdict === 'superseded') {
        connection.close(reasonCode.sessionTakenOver, 'the session was taken over')
        return
      }
      // PUBCOMP only after the marker is durable (rule 3).
      this.exchanges.end(packetId)
      this.ack('pubcomp', packetId, 0)
      this.readOn()
    })
  }

  /** The queue of an exchange that an earlier connection began is asked of all owners. */
  private async releaseEarlier(packetId: number): Promise<void> {
    const { connection, author } = this.session
    this.earlier ??= this.sessionPresent
      ? connection.context.region.openExchanges(author.clientId, author.session)
      : Promise.resolve(new Map())
    const queue = (await this.earlier).get(packetId)
    const exchange = this.exchanges.get(packetId)
    if (connection.isClosed) return
    if (exchange !== undefined) this.release(packetId)
    else if (queue !== undefined && !this.released.has(packetId)) {
      this.released.add(packetId)
      this.appendRelease(packetId, this.exchanges.adopt(packetId, queue))
    } else this.ack('pubcomp', packetId, this.released.has(packetId) ? 0 : reasonCode.packetIdentifierNotFound)
  }

  /** Earlier exchanges that this connection has released. */
  private readonly released = new Set<number>()

  private payloadFits({ payload, properties }: PublishPacket): boolean {
    return properties.payloadFormatIndicator !== 1 || isUtf8(payload, 0, payload.length)
  }

  private countRefusal(code: number): void {
    const { connection } = this.session
    connection.context.counters.refused.add(code)
    connection.note?.('publish refused', `a message was refused: ${reasonName(code)}`, code)
  }

  private refuse({ qos, packetId, properties }: PublishPacket, topic: string, code: number): void {
    const { connection, author } = this.session
    const { region, ledger } = connection.context
    const context = contextOf(properties.userProperties?.map(([name, value]) => ({ name, value })) ?? [])
    ledger.refused(region.queueOf(topic), { clientId: author.clientId, topic, qos, context }, code)
    if (qos === 0) this.countRefusal(code)
    if (qos === 0) connection.close(code, 'a payload is not what it says it is')
    else this.ack(qos === 1 ? 'puback' : 'pubrec', packetId, code)
  }

  /** Where clients are told of the trace of a message: a device can then say what it did for it. */
  private tellingOf({ properties }: PublishPacket, topic: string): Telling | undefined {
    const { connection, request } = this.session
    const { tellTrace, region } = connection.context
    // It must not make the packet larger than the client takes [MQTT5-3.4.2-3] [MQTT5-3.5.2-3].
    const fits = connection.packetBytesMax >= tellingBytesMax && request.takesProblemInformation
    if (tellTrace === undefined || !fits) return undefined
    const queue = region.queueOf(topic)
    return (position) => tellTrace(queue, position, properties)
  }

  private ackPublish(
    type: 'puback' | 'pubrec',
    packetId: number,
    telling: Telling | undefined,
    result: AppendResult,
  ): void {
    if (telling === undefined || result.verdict !== 'stored' || result.position < 0) {
      this.ack(type, packetId, result.verdict === 'refused' ? result.reasonCode : 0)
      return
    }
    const properties: Properties = { userProperties: [['traceparent', telling(result.position)]] }
    this.session.connection.send({ type, packetId, reasonCode: 0, properties })
  }

  private ack(type: 'puback' | 'pubrec' | 'pubcomp', packetId: number, code: number): void {
    const { connection, request } = this.session
    if (code >= 0x80 && type !== 'pubcomp') this.countRefusal(code)
    if (code >= 0x80 && request.version < 5 && type !== 'pubcomp') {
      // There is no word for a refusal before version 5; an acknowledgement would be a lie.
      connection.close(code, 'a message was refused')
      return
    }
    connection.write(encodeAck(type, packetId, code, request.version))
  }

  private stopWhenFull(): void {
    if (this.full || this.unanswered + this.exchanges.count < connectionLimits.unansweredMaxBefore5) return
    this.full = true
    this.session.connection.block()
  }

  private readOn(): void {
    if (!this.full || this.unanswered >= connectionLimits.unansweredMaxBefore5 / 2) return
    this.full = false
    this.session.connection.unblock()
  }
}
