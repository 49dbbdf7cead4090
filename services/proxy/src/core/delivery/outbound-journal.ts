import { state } from '@tern/proto'
import type { Lease } from '../shared/lease.ts'
import type { DeliveryOptions } from './delivery-options.ts'
import type { InFlight, InFlightWindow } from './in-flight.ts'
import type { Outbox } from './outbox.ts'

const { PUBLISHED, RELEASED, DONE } = state.JournalPhase

/** So many finished exchanges ask for a checkpoint, and so many let no new one begin (the home keeps at most 4,096). */
const overWanted = 512
const overMax = 2_048

type Beginning = Readonly<{ entries: state.JournalEntry[]; then: () => void }>

/** What follows once PUBREC is durable; undefined until it is. */
type Release = { leave: (() => void) | undefined }

/** Outbound QoS 2 exchanges of a session that lasts, as its home keeps them (D8). For others it writes nothing. */
export class OutboundJournal {
  private readonly options: DeliveryOptions
  private readonly window: InFlightWindow
  private readonly outbox: Outbox
  /** Exchanges that are over, but in no durable cursor yet: until then the journal alone says that they were delivered. */
  private over: state.JournalEntry[] = []
  /** Those that the journal may forget, with its next write. */
  private forgettable: state.JournalEntry[] = []
  /** In the order of their PUBRECs. */
  private readonly releases: Release[] = []
  /** PUBRECs of this turn. */
  private releasing: Readonly<{ entry: InFlight; done: (ok: boolean) => void }>[] = []
  /** Exchanges that begin, to be written together. */
  private beginning: Beginning | undefined
  /** Exchanges that begin are being written. */
  private isWriting = false
  /** Exchanges of groups that are over, which their owners have not written yet. */
  private untold = 0

  constructor(options: DeliveryOptions, window: InFlightWindow, outbox: Outbox) {
    this.options = options
    this.window = window
    this.outbox = outbox
  }

  get isFull(): boolean {
    return this.over.length + this.untold >= overMax
  }

  /**
   * What is put into the outbox from now on leaves after the exchange is durable. Those of one turn are written together, and so are those
   * that begin while a write is under way. One write at a time: a session that is resumed begins with what its home has of it, so the
   * home must not have an exchange without those before it.
   */
  begin(entry: InFlight, then: () => void): void {
    if (!this.options.journalled) return
    if (this.beginning !== undefined) {
      this.beginning.entries.push(journalOf(entry))
      return
    }
    this.outbox.hold()
    this.beginning = { entries: [journalOf(entry)], then }
    if (!this.isWriting) this.options.clock.soon(() => this.writeBeginning())
  }

  private writeBeginning(): void {
    const { beginning } = this
    if (beginning === undefined) return
    this.beginning = undefined
    this.isWriting = true
    this.write(beginning.entries, () => {
      this.outbox.release()
      beginning.then()
      this.isWriting = false
      this.writeBeginning()
    })
  }

  /** PUBREC came: durable before PUBREL leaves, and PUBRELs leave in the order of PUBRECs [MQTT5-4.6.0-4]. */
  release(entry: InFlight, then: () => void): void {
    const released = () => {
      entry.phase = RELEASED
      then()
    }
    if (entry.phase === RELEASED || !this.options.journalled) {
      released()
      return
    }
    const release: Release = { leave: undefined }
    this.releases.push(release)
    this.releasing.push({ entry, done: (ok) => (release.leave = ok ? released : () => {}) })
    if (this.releasing.length === 1) this.options.clock.soon(() => this.writeReleases())
  }

  /** Those of one turn together: a home looks at the whole journal for each write. At once when the connection ends in the same turn. */
  writeReleases(): void {
    const { releasing } = this
    if (releasing.length === 0) return
    this.releasing = []
    const entries = releasing.map(({ entry }) => ({ ...journalOf(entry), phase: RELEASED }))
    this.options.writeJournal([...this.takeForgettable(), ...entries], (ok) => {
      for (const { done } of releasing) done(ok)
      while (this.releases[0]?.leave !== undefined) this.releases.shift()?.leave?.()
    })
  }

  end(entry: InFlight): void {
    if (!this.options.journalled) return
    this.window.reserve(entry.packetId)
    if (entry.lease !== undefined) {
      this.endShared(entry, entry.lease)
      return
    }
    this.over.push({ ...journalOf(entry), phase: DONE })
    if (this.over.length >= overWanted) this.options.checkpointWanted()
  }

  /** There is nothing left to send. */
  forget(entry: InFlight | state.JournalEntry): void {
    if (!this.options.journalled) return
    const stored = 'group' in entry ? entry : journalOf(entry)
    this.forgettable.push({ ...stored, phase: DONE })
  }

  /** To be called when a cursor of this moment is durable. */
  covered(): () => void {
    const count = this.over.length
    return () => {
      const entries = this.over.splice(0, count)
      for (const { packetId } of entries) this.window.free(packetId)
      this.forgettable.push(...entries)
      if (this.forgettable.length >= overWanted) this.write([], () => {})
      // They ended while the cursor was on its way, when nobody could ask.
      if (this.over.length >= overWanted) this.options.checkpointWanted()
    }
  }

  /** The owner of its queue says that it was delivered, and not the cursor. */
  private endShared(entry: InFlight, lease: Lease): void {
    this.untold++
    lease.whenOver(() => {
      this.untold--
      this.window.free(entry.packetId)
      this.forget(entry)
      if (this.forgettable.length >= overWanted) this.write([], () => {})
    })
  }

  private write(entries: state.JournalEntry[], then: () => void): void {
    this.options.writeJournal([...this.takeForgettable(), ...entries], (ok) => {
      if (ok) then()
    })
  }

  /** What ends an exchange comes before what uses its packet id again. */
  private takeForgettable(): state.JournalEntry[] {
    const { forgettable } = this
    this.forgettable = []
    return forgettable
  }
}

export const journalOf = ({ packetId, queue, position, phase, qos, lease }: InFlight): state.JournalEntry => ({
  ...{ packetId, queue, position, qos, group: lease?.group ?? '' },
  phase: phase === RELEASED ? RELEASED : PUBLISHED,
})
