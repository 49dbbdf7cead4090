import { type EntryContext, type EntryKind, entryKind } from '@tern/record'
import { EntryRing } from './entry-ring.ts'

/** So many entries are written down at once, at about half a microsecond each. */
const ringEntries = 1_024

export type LedgerOptions = Readonly<{
  /** Microseconds since 1970. */
  microseconds(): number
  /** For what is refused before it has an address, and came without context. */
  drawContext(): EntryContext
  /** There is something in the ring, which was empty. */
  wake(): void
  /** The ring is full, and is emptied by it. */
  full(ring: EntryRing): void
}>

export type Refused = Readonly<{ clientId: string; topic: string; qos: number; context: EntryContext | undefined }>

/** What the data path says of messages. It costs some stores into arrays: the rest is done later, and all at once. */
export class Ledger {
  readonly ring = new EntryRing(ringEntries)
  private readonly options: LedgerOptions | undefined

  /** Without options it keeps nothing, and has no time. */
  constructor(options?: LedgerOptions) {
    this.options = options
  }

  now(): number {
    return this.options === undefined ? 0 : this.options.microseconds()
  }

  /** `position` -1: it was refused before it had one. */
  put(
    kind: EntryKind,
    queue: number,
    position: number,
    qos: number,
    startUs: number,
    middleUs: number,
    endUs: number,
    clientId: string,
    name: string,
    attempt = 1,
    code = 0,
    reason = '',
    context: EntryContext | undefined = undefined,
  ): void {
    const { options, ring } = this
    if (options === undefined) return
    if (ring.isFull) options.full(ring)
    if (ring.count === 0) options.wake()
    ring.put(kind, queue, position, qos, startUs, middleUs, endUs, clientId, name, attempt, code, reason, context)
  }

  /** A publish that no log has seen. */
  refused(queue: number, { clientId, topic, qos, context }: Refused, code: number): void {
    const { options } = this
    if (options === undefined) return
    const now = options.microseconds()
    const trace = context ?? options.drawContext()
    this.put(entryKind.publishRefused, queue, -1, qos, now, now, now, clientId, topic, 1, code, '', trace)
  }
}

export const silentLedger = new Ledger()
