import { type AckPacket, reasonCode } from '@tern/mqtt'
import { state } from '@tern/proto'
import type { DeliveryAccount } from '../ledger/delivery-account.ts'
import type { Delivery } from './delivery.ts'
import type { InFlight } from './in-flight.ts'
import type { OutboundJournal } from './outbound-journal.ts'

const { PUBLISHED, RELEASED } = state.JournalPhase

/** What a client acknowledges, of one session: the end of exchanges (D8). */
export class Acknowledgements {
  private readonly delivery: Delivery
  private readonly journal: OutboundJournal
  private readonly account: DeliveryAccount

  constructor(delivery: Delivery, journal: OutboundJournal, account: DeliveryAccount) {
    this.delivery = delivery
    this.journal = journal
    this.account = account
  }

  /** Undefined when it fits, else the reason code for closing the connection. */
  acked(packet: AckPacket): number | undefined {
    const known = this.delivery.window.get(packet.packetId)
    const entry = known?.phase === PUBLISHED || known?.phase === RELEASED ? known : undefined
    switch (packet.type) {
      case 'puback':
        if (entry === undefined) return undefined
        if (entry.qos !== 1) return reasonCode.protocolError
        this.settle(entry, packet.reasonCode)
        return undefined
      case 'pubrec':
        return this.received(entry, packet)
      case 'pubcomp':
        if (entry === undefined || entry.qos !== 2) return undefined
        if (entry.phase !== RELEASED) return reasonCode.protocolError
        this.endExchange(entry, 0)
        return undefined
      default:
        return reasonCode.protocolError
    }
  }

  /** Of a stream: one word ends the exchange, whatever it was begun with. */
  settled(packetId: number): boolean {
    const entry = this.delivery.window.get(packetId)
    if (entry === undefined) return false
    if (entry.qos === 1) this.settle(entry, 0)
    else this.journal.release(entry, () => this.endExchange(entry, 0))
    return true
  }

  private received(entry: InFlight | undefined, { packetId, reasonCode: code }: AckPacket): number | undefined {
    const { delivery } = this
    if (entry === undefined) {
      delivery.sendAck('pubrel', packetId, reasonCode.packetIdentifierNotFound)
      return undefined
    }
    if (entry.qos !== 2) return reasonCode.protocolError
    if (code >= 0x80) {
      // The receiver refused it: the exchange is over, and the message is not repeated after a crash either [MQTT5-4.4.0-2].
      this.journal.release(entry, () => this.endExchange(entry, code))
      return undefined
    }
    this.account.received(entry)
    this.journal.release(entry, () => {
      entry.lease?.settle()
      if (!delivery.closed) delivery.sendAck('pubrel', packetId, 0)
    })
    return undefined
  }

  private endExchange(entry: InFlight, code: number): void {
    this.account.acked(entry, code)
    // First: a checkpoint that the journal asks for lets it forget the exchange, so its cursor must have it.
    this.delivery.pass(entry)
    this.journal.end(entry)
    entry.lease?.settle()
    this.delivery.roomAgain()
  }

  private settle(entry: InFlight, code: number): void {
    this.account.acked(entry, code)
    this.delivery.pass(entry)
    entry.lease?.settle()
    this.delivery.roomAgain()
  }
}
