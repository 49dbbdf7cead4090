import {
  type ClientPacket,
  createDecoder,
  type Decoder,
  encodeServerPacket,
  type ProtocolError,
  type ProtocolVersion,
  reasonCode,
  type ServerPacket,
} from '@tern/mqtt'
import { type envelope, proxy, type state } from '@tern/proto'
import { unreachable } from '@tern/runtime'
import type { ClientEventKind } from '../../core/clients/client-events.ts'
import type { ConnectedClient } from '../../core/clients/connected-client.ts'
import { connectionLimits } from '../../core/connection/limits.ts'
import type { InFlightTotals } from '../../core/delivery/in-flight-totals.ts'
import type { Disconnection } from '../../ports.ts'
import type { ClientSocket, ClientSocketListener } from '../net/client-socket.ts'
import type { Connection } from './connection.ts'
import type { Context } from './context.ts'
import { describeConnection, inflightOf, subscriptionsOf, unsettledOf } from './describing.ts'
import { openSession } from './opening.ts'
import type { Session } from './session.ts'

const { packetBytesMax, socketBytesMax, connectWithinMs, keepAliveGrace, answerBytesMax } = connectionLimits

/** One network connection: packets in their order, one session once CONNECT was answered, and its end. */
export class ClientConnection implements Connection, ClientSocketListener, ConnectedClient {
  readonly context: Context
  readonly socket: ClientSocket
  private readonly decoder: Decoder
  private phase: 'connecting' | 'opening' | 'open' | 'closed' = 'connecting'
  private session: Session | undefined
  /** A packet that waits for room, and all that comes after it. */
  private held: ClientPacket | undefined
  private blocks = 0
  /** One of the blocks is there because the client does not read what it is answered. */
  private stalled = false
  private keepAliveMs = 0
  heardAt: number
  clientId: string | undefined
  /** When CONNECT was answered. */
  connectedAtMs = 0
  /** The greatest packet that the client takes [MQTT5-3.1.2-24]. */
  packetBytesMax = Number.POSITIVE_INFINITY

  constructor(socket: ClientSocket, context: Context) {
    this.socket = socket
    this.context = context
    this.decoder = createDecoder({ packetBytesMax })
    this.heardAt = context.clock.now()
    context.connections.add(this)
    socket.listen(this)
  }

  get version(): ProtocolVersion {
    return this.decoder.protocolVersion ?? 4
  }

  get isClosed(): boolean {
    return this.phase === 'closed'
  }

  send(packet: ServerPacket): void {
    if (this.phase === 'closed') return
    const bytes = encodeServerPacket(packet, this.version)
    if (bytes.length <= this.packetBytesMax) this.socket.write(bytes)
    else if (packet.type !== 'connack' && packet.type !== 'disconnect') {
      this.close(reasonCode.packetTooLarge, 'an answer is larger than the client takes')
    }
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes)
  }

  isWritable(): boolean {
    return this.socket.pendingBytes() < socketBytesMax
  }

  /** CONNECT was answered: what came with it is read now. */
  opened(session: Session, keepAliveSeconds: number): void {
    this.session = session
    this.phase = 'open'
    this.context.counters.sessions++
    this.context.counters.connects.add(reasonCode.success)
    this.keepAliveMs = keepAliveSeconds * 1000 * keepAliveGrace
    this.connectedAtMs = this.context.clock.now()
    this.context.connections.clients.add(session.author.clientId, this)
    this.note('connected', '', reasonCode.success)
    this.unblock()
  }

  /** CONNECT was refused. */
  refuse(code: number, why: string): void {
    this.send({ type: 'connack', sessionPresent: false, reasonCode: code, properties: {} })
    this.context.counters.connects.add(code)
    this.note('refused', why, code)
    this.finish(why, code)
    this.socket.end()
  }

  /** Nothing more is read until `unblock`; meanwhile its keep-alive clock stands (rule 7). */
  block(): void {
    if (this.blocks++ === 0) this.socket.pause()
  }

  unblock(): void {
    if (--this.blocks > 0 || this.phase === 'closed') return
    this.heardAt = this.context.clock.now()
    this.socket.resume()
    this.guard(() => this.readPackets())
  }

  /** The packet is handled again once there is room in the queue. */
  holdUntilRoom(packet: ClientPacket, queue: number): void {
    this.held = packet
    this.context.counters.heldForRoom++
    this.block()
    this.context.region.whenRoom(queue, () => this.unblock())
  }

  /** The server ends the connection: DISCONNECT where the version has one [MQTT5-4.13.1-1], and the will applies. */
  close(code: number, why: string): void {
    if (this.phase === 'closed') return
    if (this.phase !== 'connecting' && this.phase !== 'opening') {
      this.send({ type: 'disconnect', reasonCode: code, properties: {} })
    }
    this.session?.ended({ willApplies: true })
    this.context.counters.endings.add(code)
    this.finish(why, code)
    this.socket.end()
  }

  /** The client said goodbye. */
  left(willApplies: boolean, expirySeconds: number | undefined): void {
    this.session?.ended({ willApplies, expirySeconds })
    this.context.counters.endings.add(reasonCode.normalDisconnection)
    this.finish('the client disconnected', reasonCode.normalDisconnection)
    this.socket.end()
  }

  /** A newer connection of the client has this number or a higher one above it [MQTT5-3.1.4-3]. */
  superseded(number: envelope.ConnectionNumber): void {
    if (this.session?.isAtMost(number)) this.close(reasonCode.sessionTakenOver, 'the session was taken over')
  }

  /** An operator ends it, unless the client has a newer one already. */
  disconnected({ connection, reasonCode: code, reason }: Disconnection): void {
    if (this.session?.isAtMost(connection)) this.close(code, reason)
  }

  /** For operators. */
  note(kind: ClientEventKind, reason: string, code: number): void {
    const { clock, connections } = this.context
    const { clientId = '', socket } = this
    connections.events.note(clock.now(), { clientId, kind, reason, reasonCode: code, address: socket.peer })
  }

  describe(): proxy.Connection {
    const { session, connectedAtMs } = this
    const where = { address: this.socket.peer, connectedAtMs }
    return session ? describeConnection(session, where) : proxy.Connection.create()
  }

  inflight(): proxy.InflightEntry[] {
    const delivery = this.session?.parts.delivery
    return delivery === undefined ? [] : inflightOf(delivery)
  }

  subscriptions(): readonly state.Subscription[] {
    const delivery = this.session?.parts.delivery
    return delivery === undefined ? [] : subscriptionsOf(delivery)
  }

  get endsWithConnection(): boolean {
    return this.session?.persists === false
  }

  unsettled(): ReadonlyMap<string, number> {
    const delivery = this.session?.parts.delivery
    return delivery === undefined ? new Map() : unsettledOf(delivery)
  }

  announce(queue: number): void {
    this.session?.announce(queue)
  }

  destroy(why: string): void {
    if (this.phase === 'closed') return
    this.session?.dropped()
    this.finish(why, reasonCode.serverUnavailable)
    this.socket.destroy()
  }

  tick(now: number, inFlight: InFlightTotals): void {
    if (this.phase === 'connecting') {
      if (now - this.heardAt > connectWithinMs) this.lost('no CONNECT came in time')
    } else if (this.phase === 'open') {
      const listening = this.blocks === (this.stalled ? 1 : 0)
      const silent = this.keepAliveMs > 0 && listening && now - this.heardAt > this.keepAliveMs
      // [MQTT5-3.1.2-22]
      if (silent) this.close(reasonCode.keepAliveTimeout, 'the client was silent for longer than its keep alive')
      else this.session?.tick(now, inFlight)
    }
  }

  data(chunk: Buffer): void {
    this.guard(() => {
      if (this.phase === 'closed') return
      if (this.phase !== 'connecting') this.heardAt = this.context.clock.now()
      this.decoder.push(chunk)
      this.readPackets()
    })
  }

  drain(): void {
    this.guard(() => {
      this.session?.drained()
      if (!this.stalled) return
      this.stalled = false
      this.unblock()
    })
  }

  closed(): void {
    this.lost('the client closed the socket')
  }

  private readPackets(): void {
    while (this.blocks === 0 && this.phase !== 'closed') {
      const packet = this.held ?? this.decoder.next()
      this.held = undefined
      if (packet === undefined) return
      if (packet.type === 'protocol-error') this.refused(packet)
      else this.handle(packet)
      if (!this.stalled && this.socket.pendingBytes() >= answerBytesMax) this.stall()
    }
  }

  /** Its keep-alive clock goes on: who never reads again is closed by it. */
  private stall(): void {
    this.stalled = true
    this.block()
  }

  private handle(packet: ClientPacket): void {
    const { session } = this
    if (packet.type === 'connect') {
      this.phase = 'opening'
      this.block()
      openSession(this, packet)
      return
    }
    if (session === undefined) return
    switch (packet.type) {
      case 'publish':
        session.publishing.publish(packet)
        return
      case 'puback':
      case 'pubrec':
      case 'pubcomp': {
        const code = session.delivery.acked(packet)
        if (code !== undefined) this.close(code, `an unexpected ${packet.type}`)
        return
      }
      case 'pubrel':
        session.publishing.release(packet.packetId)
        return
      case 'subscribe':
        session.subscribing.subscribe(packet)
        return
      case 'unsubscribe':
        session.subscribing.unsubscribe(packet)
        return
      case 'pingreq':
        this.send({ type: 'pingresp' })
        return
      case 'disconnect':
        session.disconnect(packet)
        return
      case 'auth':
        // No method was agreed on at CONNECT [MQTT5-4.12.0-7].
        this.close(reasonCode.protocolError, 'an AUTH without authentication')
        return
      default:
        unreachable(packet)
    }
  }

  private refused({ reasonCode: code, message, beforeConnect }: ProtocolError): void {
    if (!beforeConnect) this.close(code, message)
    else if (this.decoder.protocolVersion === undefined) this.lost(message)
    else this.refuse(code, message)
  }

  private lost(why: string): void {
    if (this.phase === 'closed') return
    this.session?.ended({ willApplies: true })
    this.context.counters.lost++
    this.finish(why, reasonCode.unspecifiedError)
    this.socket.destroy()
  }

  private finish(why: string, code: number): void {
    if (this.phase === 'open' && this.session !== undefined) {
      this.context.counters.sessions--
      this.context.connections.clients.remove(this.session.author.clientId, this)
      this.note(code === reasonCode.sessionTakenOver ? 'taken over' : 'disconnected', why, code)
    }
    this.phase = 'closed'
    this.held = undefined
    this.context.connections.remove(this, why)
  }

  /** A fault in the handling of one client is no reason to drop the others. */
  private guard(task: () => void): void {
    try {
      task()
    } catch (error) {
      const { clientId } = this
      this.context.logger.error('handling a client failed', { clientId, error: (error as Error).stack })
      this.close(reasonCode.implementationSpecificError, 'an internal error')
    }
  }
}
