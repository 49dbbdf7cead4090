import { type envelope, state } from '@tern/proto'
import { Publishers } from './publishers.ts'

type Envelope = envelope.Envelope
const { VoidReason } = state
export type ConnectionNumber = Readonly<{ epoch: number; counter: number }>

/** What log order makes of a record: a message, a repetition or stale one, or a marker that only changes state. */
export type Verdict = 'live' | 'void' | 'marker'

/** `refused`: reason codes of the newest records that were refused, by sequence. */
export type ProducerState = { sequence: number; ended: boolean; refused?: Map<number, number> }

/** A proxy has no more unanswered in a queue; nobody asks again for what is older. */
export const refusalsKept = 8_192

/** An inbound QoS 2 exchange that waits for its release, and where its message stands. */
export type OpenExchange = Readonly<{ clientId: string; key: envelope.QosTwoKey; position: number }>

/** The newest will of a client in a queue. */
export type PublishedWill = Readonly<{ connection: ConnectionNumber; position: number }>

/**
 * Everything a queue's owner must know of the past, as a function of log order alone (DESIGN 5, rules 1 to 4).
 * Changed in place: it takes every record of the queue.
 */
export class QueueState {
  /** The position that the next record will have. */
  next: number
  readonly producers = new Map<string | number, ProducerState>()
  /** Producer incarnations up to this one that are not among `producers` have ended. */
  settledThrough = 0
  readonly connections = new Map<string, ConnectionNumber>()
  /** A client's wills stand in a queue in the order of their connections (D9): what is not above the newest is a repetition. */
  readonly wills = new Map<string, PublishedWill>()
  /** Open inbound QoS 2 exchanges: client, then "session/packet id", then position. */
  readonly openExchanges = new Map<string, Map<string, number>>()
  readonly publishers = new Publishers()
  /** In their order, with why. */
  readonly voidPositions = new Map<number, state.VoidReason>()
  /** Foreign records below it are in the queues of their topics (rule 5). */
  movedBelow: number

  constructor(next: number) {
    this.next = next
    this.movedBelow = next
  }

  /** Takes the record at `position`; undefined stands for a record that no proxy wrote (rule 5). */
  apply(position: number, record: Envelope | undefined): Verdict {
    this.next = position + 1
    return record === undefined ? 'live' : this.judge(position, record)
  }

  noteVoid(position: number, reason: state.VoidReason): 'void' {
    this.voidPositions.set(position, reason)
    return 'void'
  }

  /** Whether the record would be void if it came now: the owner need not write it. */
  knows(record: Envelope): boolean {
    if (this.isRepetition(record) || this.isSuperseded(record) || this.isPublished(record)) return true
    return !record.release && record.qosTwo !== undefined && this.isOpen(record.clientId, record.qosTwo)
  }

  /** Rule 2: a newer connection of the client has written here, or the proxy is recorded dead. Never acknowledged. */
  isSuperseded(record: Envelope): boolean {
    if (this.hasEnded(producerOf(record))) return true
    const newest = this.connections.get(record.clientId)
    if (newest !== undefined && record.connection !== undefined && isLower(record.connection, newest)) return true
    return this.isAfterItsWill(record)
  }

  /** A will says that its connection, and those before, are over: what a proxy that was not reached still writes would come after it. */
  private isAfterItsWill(record: Envelope): boolean {
    const will = this.wills.get(record.clientId)
    if (will === undefined || record.connection === undefined || isWill(record)) return false
    return !isLower(will.connection, record.connection)
  }

  noteWill(clientId: string, connection: ConnectionNumber, position: number): void {
    const newest = this.wills.get(clientId)
    if (newest === undefined || isLower(newest.connection, connection))
      this.wills.set(clientId, { connection, position })
  }

  /** The reason code that the record was refused with; undefined when it was not. */
  refusalOf(record: Envelope): number | undefined {
    const code = this.producers.get(producerOf(record))?.refused?.get(record.sequence)
    if (code !== undefined || record.publisher === undefined) return code
    return this.publishers.outcomeOf(record.publisher)?.reasonCode || undefined
  }

  /** Where the first copy stands that its publisher wrote; -1 when that is not known. */
  positionOf({ publisher }: Envelope): number {
    return (publisher && this.publishers.outcomeOf(publisher)?.position) ?? -1
  }

  keepRefusal(producer: string | number, sequence: number, reasonCode: number): void {
    const known = this.producers.get(producer)
    if (known === undefined) return
    known.refused ??= new Map()
    known.refused.set(sequence, reasonCode)
    for (const old of known.refused.keys()) {
      if (old > sequence - refusalsKept) break
      known.refused.delete(old)
    }
  }

  openPackets(clientId: string, session: ConnectionNumber): number[] {
    const prefix = `${session.epoch}.${session.counter}/`
    const keys = [...(this.openExchanges.get(clientId)?.keys() ?? [])]
    return keys.filter((key) => key.startsWith(prefix)).map((key) => Number(key.slice(prefix.length)))
  }

  private judge(position: number, record: Envelope): Verdict {
    if (this.isRepetition(record)) return this.noteVoid(position, this.whyRepetition(record))
    this.noteProducer(position, record)
    if (record.settledThrough > 0) {
      this.settle(record.settledThrough)
      return 'marker'
    }
    if (record.endedProducer > 0) {
      const known = this.producers.get(record.endedProducer)
      this.producers.set(record.endedProducer, { sequence: known?.sequence ?? 0, ended: true })
      return 'marker'
    }
    if (!this.inConnectionOrder(record)) return this.noteVoid(position, VoidReason.CONNECTION_OVER)
    if (this.isPublished(record)) return this.noteVoid(position, VoidReason.PUBLISHED_AGAIN)
    if (record.publisher !== undefined) this.notePublisher(position, record, record.publisher)
    if (record.refused > 0) {
      this.keepRefusal(producerOf(record), record.sequence, record.refused)
      return 'marker'
    }
    if (record.qosTwo === undefined) return 'live'
    if (record.release) {
      this.close(record.clientId, record.qosTwo)
      return 'marker'
    }
    if (this.isOpen(record.clientId, record.qosTwo)) return this.noteVoid(position, VoidReason.EXCHANGE_OPEN)
    this.open(record.clientId, record.qosTwo, position)
    return 'live'
  }

  /** Rule 1: a sequence that is not above the producer's last one is a repetition. */
  private isRepetition(record: Envelope): boolean {
    if (isWill(record)) {
      const newest = this.wills.get(record.clientId)
      return newest !== undefined && !isLower(newest.connection, record.connection)
    }
    const known = this.producers.get(producerOf(record))
    if (known === undefined) return this.hasEnded(producerOf(record))
    return known.ended || record.sequence <= known.sequence
  }

  private whyRepetition(record: Envelope): state.VoidReason {
    if (isWill(record)) return VoidReason.WILL_AGAIN
    return this.hasEnded(producerOf(record)) ? VoidReason.PROXY_ENDED : VoidReason.SENT_AGAIN
  }

  /** Rule 8: what its publisher has written before, through whatever proxy. */
  private isPublished({ publisher }: Envelope): boolean {
    return publisher !== undefined && this.publishers.isRepetition(publisher)
  }

  private notePublisher(at: number, { refused, receiveTimeMs }: Envelope, publisher: envelope.PublisherKey): void {
    const outcome = { position: refused > 0 ? -1 : at, reasonCode: refused }
    this.publishers.note(publisher, outcome, at, receiveTimeMs)
  }

  private noteProducer(position: number, record: Envelope): void {
    if (isWill(record)) {
      this.noteWill(record.clientId, record.connection, position)
      return
    }
    const key = producerOf(record)
    if (key === 0) return
    const known = this.producers.get(key)
    if (known === undefined) this.producers.set(key, { sequence: record.sequence, ended: false })
    else known.sequence = record.sequence
  }

  private hasEnded(producer: string | number): boolean {
    const known = this.producers.get(producer)
    if (known !== undefined) return known.ended
    return typeof producer === 'number' && producer > 0 && producer <= this.settledThrough
  }

  /** Of an incarnation that has ended, and is no higher, nothing more needs to be known. */
  private settle(through: number): void {
    this.settledThrough = Math.max(this.settledThrough, through)
    for (const [producer, { ended }] of this.producers) {
      if (ended && typeof producer === 'number' && producer <= this.settledThrough) this.producers.delete(producer)
    }
  }

  /** Rule 2: the number of a client's connections only grows in a queue. */
  private inConnectionOrder(record: Envelope): boolean {
    const { clientId, connection } = record
    if (connection === undefined) return true
    if (this.isAfterItsWill(record)) return false
    const newest = this.connections.get(clientId)
    if (newest === undefined || isLower(newest, connection)) this.connections.set(clientId, connection)
    else if (isLower(connection, newest)) return false
    return true
  }

  private isOpen(clientId: string, key: envelope.QosTwoKey): boolean {
    return this.openExchanges.get(clientId)?.has(exchangeOf(key)) ?? false
  }

  /** Every open inbound exchange. */
  *exchanges(): Generator<OpenExchange> {
    for (const clientId of this.openExchanges.keys()) yield* this.exchangesOf(clientId)
  }

  *exchangesOf(clientId: string): Generator<OpenExchange> {
    for (const [exchange, position] of this.openExchanges.get(clientId) ?? []) {
      yield { clientId, key: keyOf(exchange), position }
    }
  }

  /** Unless it was released meanwhile, and perhaps begun anew. */
  forgetExchange(clientId: string, key: envelope.QosTwoKey, position: number): void {
    if (this.openExchanges.get(clientId)?.get(exchangeOf(key)) === position) this.close(clientId, key)
  }

  /** Verdicts on what retention took are not asked for any more. */
  forgetBelow(start: number): void {
    for (const position of this.voidPositions.keys()) {
      if (position >= start) return
      this.voidPositions.delete(position)
    }
  }

  open(clientId: string, key: envelope.QosTwoKey, position: number): void {
    let exchanges = this.openExchanges.get(clientId)
    if (exchanges === undefined) {
      exchanges = new Map()
      this.openExchanges.set(clientId, exchanges)
    }
    exchanges.set(exchangeOf(key), position)
  }

  private close(clientId: string, key: envelope.QosTwoKey): void {
    const exchanges = this.openExchanges.get(clientId)
    exchanges?.delete(exchangeOf(key))
    if (exchanges?.size === 0) this.openExchanges.delete(clientId)
  }
}

const isWill = (record: Envelope): record is Envelope & { connection: ConnectionNumber } =>
  record.producerName !== '' && record.producerName.startsWith('will/') && record.connection !== undefined

/** 0: a marker of an owner, which has no order of its own. */
const producerOf = ({ producer, producerName }: Envelope): string | number => producerName || producer

const exchangeOf = ({ session, packetId }: envelope.QosTwoKey): string =>
  `${session?.epoch ?? 0}.${session?.counter ?? 0}/${packetId}`

function keyOf(exchange: string): envelope.QosTwoKey {
  const [session = '', packetId] = exchange.split('/')
  const [epoch, counter] = session.split('.')
  return { session: { epoch: Number(epoch), counter: Number(counter) }, packetId: Number(packetId) }
}

export const isLower = (a: ConnectionNumber, b: ConnectionNumber): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.counter < b.counter)
