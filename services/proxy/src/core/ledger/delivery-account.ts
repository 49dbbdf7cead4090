import { entryKind } from '@tern/record'
import type { InFlight } from '../delivery/in-flight.ts'
import type { Outgoing } from '../delivery/outgoing.ts'
import type { Ledger } from './ledger.ts'

/** Without an acknowledgement for so long, it is said that one is waited for. */
export const pendingAfterUs = 2_000_000

/** What the ledger is told of the deliveries of one session. */
export class DeliveryAccount {
  private readonly ledger: Ledger
  private readonly clientId: string

  constructor(ledger: Ledger, clientId: string) {
    this.ledger = ledger
    this.clientId = clientId
  }

  /** It was handed to the connection. Of QoS 0 there is no more to say. */
  written(message: Outgoing, entry: InFlight | undefined, filter: string): void {
    const { ledger, clientId } = this
    const now = ledger.now()
    if (entry === undefined) {
      const { queue, position } = message
      ledger.put(entryKind.written, queue, position, 0, now, now, now, clientId, filter)
      return
    }
    entry.attempt++
    entry.writtenUs = now
    entry.filter = filter
    entry.isTold = false
  }

  /** PUBREC. */
  received(entry: InFlight): void {
    entry.receivedUs = this.ledger.now()
  }

  /** The exchange is over, with the reason code of the client's acknowledgement. */
  acked(entry: InFlight, code: number): void {
    const now = this.ledger.now()
    this.put(code >= 0x80 ? entryKind.refused : entryKind.acked, entry, entry.receivedUs || now, now, code, '')
  }

  /** The connection is over before the exchange is. */
  interrupted(entry: InFlight, sessionEnds: boolean): void {
    if (entry.writtenUs === 0) return
    const now = this.ledger.now()
    if (sessionEnds && entry.lease === undefined) {
      this.put(entryKind.dropped, entry, now, now, 0, 'the session ended with its connection')
    } else this.put(entryKind.interrupted, entry, now, now, 0, 'the connection ended')
  }

  gaveUp(message: Outgoing, kind: 'expired' | 'dropped' | 'waiting', qos: number, filter: string, why: string): void {
    const { queue, position } = message
    const now = this.ledger.now()
    this.ledger.put(entryKind[kind], queue, position, qos, now, now, now, this.clientId, filter, 1, 0, why)
  }

  /** Says once of each that is unacknowledged for long. */
  tellPending(inFlight: Iterable<InFlight>): void {
    const now = this.ledger.now()
    for (const entry of inFlight) {
      if (entry.isTold || entry.writtenUs === 0 || now - entry.writtenUs < pendingAfterUs) continue
      entry.isTold = true
      this.put(entryKind.pending, entry, entry.receivedUs || now, now, 0, '')
    }
  }

  private put(
    kind: (typeof entryKind)[keyof typeof entryKind],
    entry: InFlight,
    middleUs: number,
    endUs: number,
    code: number,
    reason: string,
  ): void {
    const { queue, position, qos, writtenUs, filter, attempt } = entry
    const { clientId } = this
    this.ledger.put(kind, queue, position, qos, writtenUs, middleUs, endUs, clientId, filter, attempt, code, reason)
  }
}
