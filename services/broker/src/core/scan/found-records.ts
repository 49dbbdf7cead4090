import type { scan } from '@tern/proto'
import { PackedWriter } from '@tern/record'
import type { JudgedRecord } from './conditions.ts'

export type Room = Readonly<{ recordsMax: number; bytesMax: number }>

/** What was found in one queue, in the order of positions, until the room is used up. One record is always taken. */
export class FoundRecords {
  private readonly room: Room
  private found: JudgedRecord[] = []
  private bytes = 0
  /** Something was left out for want of room. */
  private cut = false

  constructor(room: Room) {
    this.room = room
  }

  get count(): number {
    return this.found.length
  }

  get isFull(): boolean {
    return this.cut || this.found.length >= this.room.recordsMax || this.bytes >= this.room.bytesMax
  }

  /** The next one upwards; false when there is no room for it. */
  add(record: JudgedRecord): boolean {
    if (this.found.length > 0 && (this.isFull || this.bytes + record.body.length > this.room.bytesMax)) {
      this.cut = true
      return false
    }
    // A copy: a view would keep the whole page of the log that it lies in.
    this.found.push({ ...record, body: Buffer.from(record.body) })
    this.bytes += record.body.length
    return true
  }

  /**
   * A window further down, found upwards: its newest ones are kept as far as there is room. The oldest one that is kept when others were
   * not; undefined when all are.
   */
  putBefore(window: NewestRecords): JudgedRecord | undefined {
    const { found, bytes, dropped } = window.take()
    this.found = [...found, ...this.found]
    this.bytes += bytes
    this.cut = dropped
    return dropped ? this.found[0] : undefined
  }

  /** The room that is left, for a window further down. */
  window(): NewestRecords {
    const { recordsMax, bytesMax } = this.room
    const left = { recordsMax: recordsMax - this.found.length, bytesMax: bytesMax - this.bytes }
    return new NewestRecords(left, this.found.length === 0)
  }

  packed(): Pick<scan.ScannedPart, 'count' | 'basePosition' | 'baseTimeMs' | 'records' | 'voidPositions'> {
    const first = this.found[0]
    if (first === undefined) return { count: 0, basePosition: 0, baseTimeMs: 0, records: nothing, voidPositions: [] }
    const writer = new PackedWriter(first.position, first.timeMs, this.bytes + 16 * this.found.length)
    for (const { position, timeMs, body } of this.found) writer.add(position, timeMs, body)
    const voidPositions = this.found.filter(({ isVoid }) => isVoid).map(({ position }) => position)
    return {
      count: writer.count,
      basePosition: first.position,
      baseTimeMs: first.timeMs,
      records: writer.finish(),
      voidPositions,
    }
  }
}

/** The newest of the records that are added upwards, as many as there is room for. */
export class NewestRecords {
  private readonly room: Room
  private readonly atLeastOne: boolean
  private readonly found: JudgedRecord[] = []
  private head = 0
  private bytes = 0

  constructor(room: Room, atLeastOne: boolean) {
    this.room = room
    this.atLeastOne = atLeastOne
  }

  add(record: JudgedRecord): void {
    this.found.push({ ...record, body: Buffer.from(record.body) })
    this.bytes += record.body.length
    while (this.isOver && this.count > (this.atLeastOne ? 1 : 0)) {
      this.bytes -= (this.found[this.head] as JudgedRecord).body.length
      this.found[this.head++] = emptied
    }
  }

  take(): Readonly<{ found: readonly JudgedRecord[]; bytes: number; dropped: boolean }> {
    return { found: this.found.slice(this.head), bytes: this.bytes, dropped: this.head > 0 }
  }

  private get count(): number {
    return this.found.length - this.head
  }

  private get isOver(): boolean {
    return this.count > this.room.recordsMax || this.bytes > this.room.bytesMax
  }
}

const nothing = new Uint8Array()
const emptied: JudgedRecord = { position: -1, timeMs: 0, topic: '', body: Buffer.alloc(0), isVoid: false }
